import { describe, expect, it } from "@jest/globals";
import {
  Action,
  LoginId,
  PrincipalId,
  type Event,
  type Factor,
  type Grant,
  type Principal,
  type PrincipalKind,
} from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";

import type { Circumstances } from "../domain/circumstances.ts";
import type { Caller } from "../ports.ts";
import { mayBeTold, mayHear } from "./event-policy.ts";

const camera = fakeCameraId("a");
const id = "6f1d7f0a-3a0f-4c76-9d0c-0c9c8f6a3b11";
const events: readonly Event[] = [
  { kind: "motion", id, camera, at: 1, active: true, topic: "t" },
  { kind: "camera-state", id, camera, at: 1, state: { kind: "ready" } },
  { kind: "camera-added", id, camera, at: 1 },
  { kind: "camera-removed", id, camera, at: 1 },
  { kind: "finding", id, camera, at: 1, check: "RTSP-ANON", status: "failed", severity: "critical", title: "t" },
];
/** What it takes to hear of it; any grant on the camera for all others. */
const takes: Partial<Record<Event["kind"], Action>> = { motion: "events", finding: "control" };
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
      const needed = takes[event.kind];
      const enough = held && (needed === undefined || action === needed);
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

describe("mayBeTold", () => {
  const everything: Grant[] = [{ action: "admin", camera: "*" }];
  const caller = (over: Partial<Caller> & { readonly grants?: Grant[]; readonly factors?: Factor[] } = {}): Caller => {
    const { grants = everything, factors = ["password", "totp"], ...rest } = over;
    const principal = holding("person", grants);
    const id = LoginId.parse("login-aaaaaaaaaaaaaaaa");
    const login = { id, principal: principal.id, factors, assurance: "two" as const, steppedUp: 1 };
    return { principal, login, place: "home", assurance: "two", ...rest };
  };
  const own = { person: PrincipalId.parse("who-aaaaaaaaaaaaaaaa") };
  const others = { person: PrincipalId.parse("who-bbbbbbbbbbbbbbbb") };
  const common = { person: null };
  it.each([
    ["whoever governs of the gateway's", caller(), common, true],
    ["whoever governs of its own", caller(), own, true],
    ["nobody of what concerns another alone", caller(), others, false],
    ["a person of its own", caller({ grants: [] }), own, true],
    ["no other person of the gateway's", caller({ grants: [{ action: "live", camera: "*" }] }), common, false],
    ["nobody who has shown one factor of the gateway's", caller({ assurance: "one" }), common, false],
    ["nobody away, whose right is for home", caller({ place: "away" }), common, false],
    ["no key, whatever it may", caller({ login: undefined }), common, false],
    ["nobody who came in by a code and has shown nothing yet", caller({ factors: ["code"] }), own, false],
  ])("tells %s", (_case, who, notice, told) => {
    expect(mayBeTold(who, notice, 1)).toBe(told);
  });
});
