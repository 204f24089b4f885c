import { expect, it } from "@jest/globals";

import { judgeHealth, type Report } from "./health-policy.ts";

const report = (version: string, states: readonly string[], intact = true): Report => ({
  status: { gateway: { version }, audit: { intact } },
  cameras: states.map((kind, index) => ({ id: `cam-${index}`, name: `Camera ${index}`, state: { kind } })),
});

it.each<[string, Report | undefined, Report | undefined, string]>([
  ["it says nothing", undefined, report("1.0.0", []), "waiting"],
  ["it is another version", report("1.0.0", []), report("1.0.0", []), "sick"],
  ["its log is broken", report("2.0.0", [], false), report("1.0.0", []), "sick"],
  ["its log was broken before", report("2.0.0", [], false), report("1.0.0", [], false), "healthy"],
  ["it has no cameras", report("2.0.0", []), report("1.0.0", []), "healthy"],
  ["nobody knows what was before", report("2.0.0", ["offline"]), undefined, "healthy"],
  ["a camera is still to come", report("2.0.0", ["connecting"]), report("1.0.0", ["live"]), "waiting"],
  ["a camera is lost", report("2.0.0", ["ready", "offline"]), report("1.0.0", ["live", "ready"]), "waiting"],
  ["a camera was off before", report("2.0.0", ["ready", "offline"]), report("1.0.0", ["live", "offline"]), "healthy"],
  ["a camera was removed", report("2.0.0", []), report("1.0.0", ["live"]), "waiting"],
])("where %s", (_, now, before, expected) => {
  expect(judgeHealth("2.0.0", now, before).kind).toBe(expected);
});
