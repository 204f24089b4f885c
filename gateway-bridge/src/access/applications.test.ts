import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, type Grant } from "@gatehouse/shared";
import { createHash } from "node:crypto";

import { Applications } from "./applications.ts";
import { openDoor, type Door } from "./testing/open-door.ts";

const camera = CameraId.parse("cam-abcdefghijklmnop");
const grants: Grant[] = [{ action: "live", camera }];

let door: Door;
let applications: Applications;
const open = (): Applications => Applications.open({ ...door, gateway: door.identity.id });
beforeEach(async () => {
  door = await openDoor();
  applications = open();
});
afterEach(() => {
  applications[Symbol.dispose]();
  door.database[Symbol.dispose]();
});

describe("Applications", () => {
  it("draws a password of its own for each, with at least 128 bits", () => {
    const made = Array.from({ length: 20 }, () => applications.create({ name: "NVR", grants }));
    for (const { principal, username, password } of made) {
      expect(principal).toMatchObject({ name: "NVR", kind: "application", grants, revoked: null });
      expect(username).toBe(principal.id);
      expect(password.reveal()).toMatch(/^[a-z2-7]{32}$/);
    }
    expect(new Set(made.map(({ password }) => password.reveal())).size).toBe(20);
  });

  it("knows name and password together, over restarts", () => {
    const { principal, username, password } = applications.create({ name: "NVR", grants });
    const other = applications.create({ name: "VLC", grants });
    const again = open();
    expect(again.realm).toBe(applications.realm);
    expect(again.verifyBasic(username, password.reveal())).toEqual(principal);
    expect(again.verifyBasic(other.username, password.reveal())).toBeUndefined();
    expect(again.verifyBasic(username, `${password.reveal()}x`)).toBeUndefined();
    expect(again.verifyBasic(username, "")).toBeUndefined();
    expect(again.verifyBasic("nobody", password.reveal())).toBeUndefined();
    again[Symbol.dispose]();
  });

  it("keeps what Digest needs, and never the password", () => {
    const { username, password } = applications.create({ name: "NVR", grants });
    const text = `${username}:${applications.realm}:${password.reveal()}`;
    expect(applications.ha1(username, "MD5")).toEqual(createHash("md5").update(text).digest());
    expect(applications.ha1(username, "SHA-256")).toEqual(createHash("sha256").update(text).digest());
    expect(applications.ha1("who-aaaaaaaaaaaaaaaa", "MD5")).toBeUndefined();
    expect(door.secrets.get(`application/${username}`)?.includes(password.reveal())).toBe(false);
  });

  it("forgets a login the moment it is revoked, for good", () => {
    const { principal, username, password } = applications.create({ name: "NVR", grants });
    const changes: string[] = [];
    applications.onChanged((id) => changes.push(id));
    door.principals.revoke(principal.id);
    expect(applications.verifyBasic(username, password.reveal())).toBeUndefined();
    expect(applications.ha1(username, "MD5")).toBeUndefined();
    expect(door.secrets.get(`application/${username}`)).toBeUndefined();
    expect(changes).toEqual([principal.id]);
  });

  it("forgets after a crash what was revoked before it", () => {
    const { principal, username } = applications.create({ name: "NVR", grants });
    applications[Symbol.dispose]();
    door.principals.revoke(principal.id);
    expect(door.secrets.get(`application/${username}`)).toBeDefined();
    applications = open();
    expect(door.secrets.get(`application/${username}`)).toBeUndefined();
  });

  it("says whether there is anybody who may watch, and tells of those who come", () => {
    const changes: string[] = [];
    applications.onChanged((id) => changes.push(id));
    expect(applications.any).toBe(false);
    const monitor = applications.create({ name: "Prometheus", grants: [{ action: "metrics", camera: "*" }] });
    expect(applications.any).toBe(false);
    const { principal } = applications.create({ name: "NVR", grants });
    expect(applications.any).toBe(true);
    expect(changes).toEqual([monitor.principal.id, principal.id]);
    door.principals.revoke(principal.id);
    expect(applications.any).toBe(false);
  });

  it("tells of those who may watch from now on, or no more", () => {
    const { principal } = applications.create({ name: "NVR", grants });
    const changes: unknown[] = [];
    applications.onChanged((id) => changes.push([id, applications.any]));
    door.principals.setGrants(principal.id, [{ action: "snapshot", camera: "*" }]);
    door.principals.setGrants(principal.id, grants);
    expect(changes).toEqual([
      [principal.id, false],
      [principal.id, true],
    ]);
  });

  it("lets no other kind of principal in by password", () => {
    const owner = door.principals.create({ name: "Owner", kind: "owner", grants: [], pin: "A".repeat(43) });
    expect(applications.find(owner.id)).toBeUndefined();
    expect(applications.verifyBasic(owner.id, "")).toBeUndefined();
    door.principals.revoke(owner.id);
    expect(applications.any).toBe(false);
  });

  it("never grants what only an owner may do, and leaves nothing behind", () => {
    const wanted: Grant[] = [...grants, { action: "admin", camera: "*" }];
    expect(() => applications.create({ name: "NVR", grants: wanted })).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
    expect(door.principals.list()).toEqual([]);
  });

  it("stands for no key, whatever a key's pin may look like", () => {
    const { principal } = applications.create({ name: "NVR", grants });
    expect(door.principals.byPin(`application:${principal.id}`)?.id).toBe(principal.id);
    // A pin is 43 characters of base64url, which has no colon.
    expect(`application:${principal.id}`).not.toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
