import { describe, expect, it } from "@jest/globals";
import { PrincipalId, type PrincipalKind, type RouteName } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { deedBurst, deedRefillMs } from "../domain/deed-budget-policy.ts";
import { denialBurst } from "../domain/denial-budget.ts";
import type { AuditEntry } from "../ports.ts";
import { AccessGate } from "./access-gate.ts";

const camera = fakeCameraId("a");

/** A gate, and one who may see everything. */
class Bench {
  readonly clock = new TestClock();
  readonly rows: AuditEntry[] = [];
  readonly gate = new AccessGate({
    principals: { byPin: () => undefined },
    applications: { verifyBasic: () => undefined },
    sessions: { find: () => undefined },
    audit: { append: (row) => void this.rows.push(row) },
    clock: this.clock,
    log: new MemoryLogger(),
  });

  /** How many of these attempts are let in, one after the other. */
  admitted(kind: PrincipalKind, route: RouteName, attempts: number, id = "who-aaaaaaaaaaaaaaaa"): number {
    const grants = (["live", "clip", "snapshot", "admin"] as const).map((action) => ({ action, camera: "*" as const }));
    const principal = { id: PrincipalId.parse(id), name: id, kind, grants, created: 1, revoked: null };
    let admitted = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      try {
        this.gate.authorize({ name: route, principal, params: { camera } });
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

  it("counts what is not written down as nothing, and never keeps an owner from locking somebody out", () => {
    const bench = new Bench();
    expect(bench.admitted("application", "snapshot", 2 * deedBurst)).toBe(2 * deedBurst);
    expect(bench.admitted("owner", "revokePrincipal", 2 * deedBurst)).toBe(2 * deedBurst);
    expect(bench.rows).toEqual([]);
  });
});
