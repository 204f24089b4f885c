import { describe, expect, it } from "@jest/globals";

import { controlCalls } from "./calls.ts";
import { judgeControl, type ControlVerdict } from "./control-policy.ts";

const operator = { role: "operator" } as const;
const auditor = { role: "auditor" } as const;

describe("judgeControl", () => {
  it.each<[string, Parameters<typeof judgeControl>[0], Parameters<typeof judgeControl>[1], ControlVerdict]>([
    ["an operator changes", { role: "operator", token: true }, { operator, signedIn: true }, "allowed"],
    ["an operator looks", { role: "auditor", token: true }, { operator, signedIn: true }, "allowed"],
    ["an auditor looks", { role: "auditor", token: true }, { operator: auditor, signedIn: true }, "allowed"],
    ["an auditor changes", { role: "operator", token: true }, { operator: auditor, signedIn: true }, "denied"],
    ["an operator without a token", { role: "operator", token: true }, { operator, signedIn: false }, "signed-out"],
    [
      "an auditor without a token",
      { role: "auditor", token: true },
      { operator: auditor, signedIn: false },
      "signed-out",
    ],
    [
      "nobody's key, with a token",
      { role: "auditor", token: true },
      { operator: undefined, signedIn: true },
      "unknown",
    ],
    [
      "nobody's key, signing in",
      { role: "auditor", token: false },
      { operator: undefined, signedIn: false },
      "unknown",
    ],
    ["an auditor signs in", { role: "auditor", token: false }, { operator: auditor, signedIn: false }, "allowed"],
    [
      "a role of another version",
      { role: "auditor", token: true },
      { operator: { role: "visitor" as never }, signedIn: true },
      "denied",
    ],
  ])("%s", (_title, call, caller, verdict) => {
    expect(judgeControl(call, caller)).toBe(verdict);
  });

  it("lets auditors do nothing that changes anything", () => {
    const changes = Object.values(controlCalls).filter((call) => call.changes);
    const auditor = { operator: { role: "auditor" }, signedIn: true } as const;
    expect(changes.map(({ role }) => judgeControl({ role, token: true }, auditor))).toEqual(
      changes.map(() => "denied"),
    );
    expect(changes.length).toBeGreaterThan(5);
  });
});
