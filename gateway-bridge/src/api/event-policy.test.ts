import { describe, expect, it } from "@jest/globals";
import { Action, PrincipalId, type Event, type Grant, type Principal, type PrincipalKind } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";

import type { Circumstances } from "../domain/circumstances.ts";
import { mayHear } from "./event-policy.ts";

const camera = fakeCameraId("a");
const id = "6f1d7f0a-3a0f-4c76-9d0c-0c9c8f6a3b11";
const events: readonly Event[] = [
  { kind: "motion", id, camera, at: 1, active: true, topic: "t" },
  { kind: "camera-state", id, camera, at: 1, state: { kind: "ready" } },
  { kind: "camera-added", id, camera, at: 1 },
  { kind: "camera-removed", id, camera, at: 1 },
];
const holding = (kind: PrincipalKind, grants: Grant[], revoked: number | null = null): Principal => ({
  id: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
  name: "n",
  kind,
  grants,
  created: 1,
  revoked,
});
const here: Circumstances = { now: 1, place: "home", assurance: "two" };
const ownerOnly: readonly Action[] = ["admin", "remote", "remedy"];

// Every event x every single grant x this camera, all, another x who holds it.
describe.each(events)("$kind", (event) => {
  it.each(Action.options)("is heard with %s only where that may be held and covers the camera", (action) => {
    for (const kind of ["owner", "homebridge", "node-red"] as const) {
      const held = kind === "owner" || !ownerOnly.includes(action);
      const enough = held && (event.kind !== "motion" || action === "events");
      expect(mayHear(holding(kind, [{ action, camera }]), event, here)).toBe(enough);
      expect(mayHear(holding(kind, [{ action, camera: "*" }]), event, here)).toBe(enough);
      expect(mayHear(holding(kind, [{ action, camera: fakeCameraId("b") }]), event, here)).toBe(false);
      expect(mayHear(holding(kind, [{ action, camera }], 2), event, here)).toBe(false);
    }
  });

  it("is not heard without a grant", () => {
    expect(mayHear(holding("owner", []), event, here)).toBe(false);
  });
});
