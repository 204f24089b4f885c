import { describe, expect, it } from "@jest/globals";
import { Action, GatehouseError, PrincipalId, PrincipalKind, routes, type RouteName } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { deedBurst, deedRefillMs } from "../domain/deed-budget-policy.ts";
import { denialBurst } from "../domain/denial-budget.ts";
import { AccessTally } from "../audit/access-tally.ts";
import type { AuditEntry, Caller } from "../ports.ts";
import { AccessGate } from "./access-gate.ts";

const camera = fakeCameraId("a");

/** A gate, and one who may see everything. */
class Bench {
  readonly clock = new TestClock();
  readonly rows: AuditEntry[] = [];
  full = false;
  readonly gate = new AccessGate({
    principals: { byPin: () => undefined, get: () => undefined },
    logins: { find: () => "none", get: () => undefined },
    applications: { verifyBasic: () => undefined },
    sessions: { find: () => undefined },
    placeOf: () => "home",
    isOwnAddress: () => true,
    accesses: new AccessTally({
      audit: {
        append: (row) => {
          if (this.full) throw new GatehouseError("audit-unwritable", "disk full");
          this.rows.push(row);
        },
        failing: false,
      },
      clock: this.clock,
      log: new MemoryLogger(),
    }),
    clock: this.clock,
  });

  /** How many of these attempts are let in, one after the other. */
  admitted(kind: PrincipalKind, route: RouteName, attempts: number, id = "who-aaaaaaaaaaaaaaaa"): number {
    const grants = (["live", "clip", "snapshot", "admin"] as const).map((action) => ({ action, camera: "*" as const }));
    const principal = { id: PrincipalId.parse(id), name: id, kind, grants, created: 1, revoked: null };
    const caller: Caller = { principal, place: "home", assurance: kind === "owner" ? "two" : "one" };
    let admitted = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      try {
        this.gate.authorize({ name: route, caller, place: "home", params: { camera } });
        admitted += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: "too-many-requests", retry: "later" });
      }
    }
    return admitted;
  }
}

describe("AccessGate", () => {
  it.each<[PrincipalKind, RouteName]>([
    ["application", "live"],
    ["application", "clip"],
    ["application", "offerWebRtc"],
    ["homebridge", "prepareHomeKitSession"],
  ])("lets no stolen key of kind %s fill the audit log by %s", async (kind, route) => {
    const bench = new Bench();
    expect(bench.admitted(kind, route, 10_000)).toBe(deedBurst);
    // Its attempts are told, as other denials are, and no more of them.
    expect(bench.rows).toHaveLength(denialBurst);
    expect(bench.rows[0]).toMatchObject({
      action: route,
      target: camera,
      outcome: "denied",
      detail: "too-many-requests",
    });
    await bench.clock.advance(3 * deedRefillMs);
    expect(bench.admitted(kind, route, 10_000)).toBe(3);
  });

  it("lets one client's deeds take nothing from another's", () => {
    const bench = new Bench();
    bench.admitted("application", "clip", deedBurst + 1);
    expect(bench.admitted("application", "clip", 10, "who-bbbbbbbbbbbbbbbb")).toBe(10);
  });

  it("counts what repeats as one row and no deed, and never keeps an owner from locking somebody out", () => {
    const bench = new Bench();
    expect(bench.admitted("application", "snapshot", 2 * deedBurst)).toBe(2 * deedBurst);
    expect(bench.admitted("owner", "revokePrincipal", 2 * deedBurst)).toBe(2 * deedBurst);
    expect(bench.rows).toMatchObject([{ action: "snapshot", target: camera, outcome: "allowed" }]);
  });

  it("lets nobody look where that cannot be written down", () => {
    const bench = new Bench();
    bench.full = true;
    const id = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
    const grants = [{ action: "snapshot" as const, camera: "*" as const }];
    const principal = { id, name: id, kind: "application" as const, grants, created: 1, revoked: null };
    const caller: Caller = { principal, place: "home", assurance: "one" };
    const ask = (name: RouteName) => () => bench.gate.authorize({ name, caller, place: "home", params: { camera } });
    for (const name of ["snapshot", "health", "listCameras", "events"] as const) {
      expect(ask(name)).toThrow(expect.objectContaining({ code: "audit-unwritable" }));
    }
    bench.full = false;
    expect(ask("snapshot")).not.toThrow();
  });
});

describe("from away", () => {
  const every = Action.options.map((action) => ({
    action,
    camera: "*" as const,
    places: ["home" as const, "away" as const],
  }));
  /** People sign in from away, too; whether they may be there is judged with what they show. */
  const doors: readonly RouteName[] = ["doorState", "signInWithPassword", "offerPasskeySignIn", "signInWithPasskey"];
  const open = (Object.keys(routes) as RouteName[]).filter((name) => !doors.includes(name));
  const attempt = (kind: PrincipalKind, name: RouteName, assurance: Caller["assurance"]): unknown => {
    const bench = new Bench();
    const principal = {
      id: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
      name: "n",
      kind,
      grants: every,
      created: 1,
      revoked: null,
    };
    const caller: Caller = { principal, place: "away", assurance };
    const params = { camera, principal: principal.id, session: "ses-aaaaaaaaaaaaaaaa" };
    try {
      bench.gate.authorize({ name, caller, place: "away", params });
      return "in";
    } catch (error) {
      return (error as { readonly code: unknown }).code;
    }
  };

  it.each(open)("nobody with one factor is let in to %s, whatever it was given", (name) => {
    for (const kind of PrincipalKind.options)
      expect([kind, attempt(kind, name, "one")]).toEqual([kind, "access-denied"]);
  });

  it.each(open)("no plugin or application is let in to %s with any", (name) => {
    for (const kind of ["homebridge", "node-red", "application"] as const) {
      expect([kind, attempt(kind, name, "two")]).toEqual([kind, "access-denied"]);
    }
  });

  it("somebody with the right to be there and two factors is let in where the grant says so", () => {
    expect(attempt("owner", "snapshot", "two")).toBe("in");
  });

  it.each(doors)("a stranger finds %s", (name) => {
    const { gate } = new Bench();
    expect(() => gate.authorize({ name, caller: undefined, place: "away", params: {} })).not.toThrow();
  });

  it.each(["pair", "firstRun", "openInvitation"] as const)("no stranger is let in to %s", (name) => {
    const { gate, rows } = new Bench();
    const refused = expect.objectContaining({ code: "access-denied" });
    expect(() => gate.authorize({ name, caller: undefined, place: "away", params: {} })).toThrow(refused);
    expect(rows).toMatchObject([{ principal: "-", action: name, outcome: "denied", detail: "not-here" }]);
    expect(() => gate.authorize({ name, caller: undefined, place: "home", params: {} })).not.toThrow();
  });
});

describe("the owner's key", () => {
  it("governs nothing from another box", () => {
    const { gate } = new Bench();
    const grants = [{ action: "admin" as const, camera: "*" as const }];
    const principal = {
      id: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
      name: "n",
      kind: "owner" as const,
      grants,
      created: 1,
      revoked: null,
    };
    const ask = (assurance: Caller["assurance"]): void =>
      gate.authorize({ name: "status", caller: { principal, place: "home", assurance }, place: "home", params: {} });
    expect(() => ask("two")).not.toThrow();
    expect(() => ask("one")).toThrow(expect.objectContaining({ code: "access-denied" }));
  });
});
