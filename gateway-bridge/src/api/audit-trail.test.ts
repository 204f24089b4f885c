import { describe, expect, it } from "@jest/globals";
import { GatehouseError, routes, type Principal, type RouteName } from "@gatehouse/shared";

import type { AuditEntry } from "../ports.ts";
import { auditedAboutPasskeys } from "./testing/passkey-expectations.ts";
import { auditedAboutPeople } from "./testing/people-expectations.ts";
import { auditedAboutPosture } from "./testing/posture-expectations.ts";
import { auditedAboutRemote } from "./testing/remote-expectations.ts";
import { auditedAboutRights } from "./testing/right-expectations.ts";
import { audited, isAudited, isTallied } from "./audit-trail.ts";

const principal = { id: "who-aaaaaaaaaaaaaaaa" } as Principal;

describe("isAudited", () => {
  const expected: Record<RouteName, boolean> = {
    ...auditedAboutPeople,
    setDnsToken: true,
    dismissOwnNotice: true,
    listNotices: false,
    dismissNotice: true,
    confirmClock: true,
    ...auditedAboutPasskeys,
    ...auditedAboutRights,
    ...auditedAboutRemote,
    ...auditedAboutPosture,
    pair: false,
    status: false,
    events: false,
    listCameras: false,
    addCamera: true,
    discoverCameras: true,
    removeCamera: true,
    snapshot: false,
    live: true,
    clip: true,
    offerWebRtc: true,
    endWebRtc: false,
    prepareHomeKitSession: true,
    startHomeKitSession: false,
    endHomeKitSession: false,
    offerPairing: true,
    addApplication: true,
    listPrincipals: false,
    revokePrincipal: true,
    changeGrants: true,
    trust: false,
    trustPem: false,
    trustDer: false,
    trustProfile: false,
    health: false,
    metrics: false,
    openApi: false,
    updateState: false,
    listAudit: false,
    verifyAudit: true,
    listAuditHeads: false,
    exportAudit: true,
  };
  it.each(Object.keys(routes) as RouteName[])("is decided for %s", (name) => {
    expect(isAudited(name)).toBe(expected[name]);
  });
});

describe("isTallied", () => {
  it("is every other way to a camera", () => {
    expect((Object.keys(routes) as RouteName[]).filter(isTallied).sort()).toEqual([
      "endHomeKitSession",
      "endWebRtc",
      "events",
      "health",
      "listCameras",
      "snapshot",
      "startHomeKitSession",
    ]);
  });
});

describe("audited", () => {
  const rows: AuditEntry[] = [];
  const audit = { append: (entry: AuditEntry) => void rows.push(entry) };
  const deed = { name: "removeCamera", principal, params: { camera: "cam-aaaaaaaaaaaaaaaa" } } as const;
  const row = { principal: principal.id, action: "removeCamera", target: deed.params.camera };

  it("writes that it was allowed before the deed, and that it was done after", async () => {
    rows.length = 0;
    const seen = await audited(audit, deed, async () => [...rows]);
    expect(seen).toEqual([{ ...row, outcome: "allowed", detail: "" }]);
    expect(rows.slice(1)).toEqual([{ ...row, outcome: "done", detail: "" }]);
  });

  it("writes why it failed, as a code", async () => {
    rows.length = 0;
    const failing = audited(audit, deed, async () => {
      throw new GatehouseError("camera-unreachable", "secret words");
    });
    await expect(failing).rejects.toMatchObject({ code: "camera-unreachable" });
    expect(rows[1]).toEqual({ ...row, outcome: "failed", detail: "camera-unreachable" });
  });

  it("names what was made", async () => {
    rows.length = 0;
    const made = { id: "cam-bbbbbbbbbbbbbbbb" };
    await audited(audit, { name: "addCamera", principal, params: {} }, async () => made);
    expect(rows.map(({ target }) => target)).toEqual(["-", made.id]);
  });

  it("does nothing that cannot be written down", async () => {
    let done = false;
    const full = {
      append: () => {
        throw new GatehouseError("audit-unwritable", "disk full");
      },
    };
    const attempt = audited(full, deed, async () => (done = true));
    await expect(attempt).rejects.toMatchObject({ code: "audit-unwritable" });
    expect(done).toBe(false);
  });
});
