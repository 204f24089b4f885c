import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Action, Identity, spkiPin } from "@gatehouse/shared";
import { createPublicKey, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { decideAccess } from "../domain/access-policy.ts";
import { GatewayIdentity, spkiOf } from "./gateway-identity.ts";
import { ensureOwner } from "./owner-identity.ts";
import { MemorySecrets, never, openDoor, type Door } from "./testing/open-door.ts";

let folder: string;
let file: string;
let door: Door;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "owner-"));
  file = join(folder, "cli.json");
  door = await openDoor();
});
afterEach(() => {
  door.database[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const onTheBox = { now: 1, place: "home", assurance: "two" } as const;
const ensure = (address = "127.0.0.1:8443"): Promise<Identity> => ensureOwner({ ...door, file, address }, never);
const living = (): string[] =>
  door.principals
    .list()
    .filter(({ revoked }) => revoked === null)
    .map(({ id }) => id);

describe("ensureOwner", () => {
  it("makes the command line a principal that may do everything, with a file that only the owner can read", async () => {
    const identity = await ensure();
    expect(Identity.parse(JSON.parse(readFileSync(file, "utf8")))).toEqual(identity);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const pin = spkiPin(spkiOf(createPublicKey(identity.privateKey)));
    const principal = door.principals.byPin(pin)!;
    expect(principal).toMatchObject({ id: identity.principal, kind: "owner", name: "Command line", revoked: null });
    for (const action of Action.options) {
      expect(decideAccess(principal, { action, camera: "*" }, onTheBox).kind).toBe("allow");
    }
    expect(identity).toMatchObject({ gatewayPin: door.identity.pin, gatewayId: door.identity.id });
    const certificate = new X509Certificate(identity.certificate);
    expect(certificate.checkIssued(new X509Certificate(door.identity.clientCa))).toBe(true);
  });

  it("leaves a file that is right as it is", async () => {
    await ensure();
    const before = statSync(file);
    await ensure();
    expect(statSync(file).ino).toBe(before.ino);
    expect(door.principals.list()).toHaveLength(1);
  });

  it("writes the new address when the gateway moved, and nothing else", async () => {
    const before = await ensure();
    const after = await ensure("127.0.0.1:9443");
    expect(after).toEqual({ ...before, address: "127.0.0.1:9443" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(after);
    expect(door.principals.list()).toHaveLength(1);
  });

  const losses: [string, (identity: Identity) => void | Promise<void>][] = [
    ["lost", () => rmSync(file)],
    ["no JSON", () => writeFileSync(file, "{ half of")],
    ["no identity", () => writeFileSync(file, "{}")],
    ["an identity without its key", (found) => writeFileSync(file, JSON.stringify({ ...found, privateKey: "x" }))],
    ["that of a revoked principal", (found) => door.principals.revoke(found.principal)],
    [
      "for a gateway of another key",
      async () => {
        const identity = await GatewayIdentity.open({ secrets: new MemorySecrets() }, never);
        door = { ...door, identity };
      },
    ],
  ];
  it.each(losses)("makes another where the file is %s, and revokes the one before", async (_case, lose) => {
    const before = await ensure();
    await lose(before);
    const after = await ensure();
    expect(after.principal).not.toBe(before.principal);
    expect(living()).toEqual([after.principal]);
    expect(Identity.parse(JSON.parse(readFileSync(file, "utf8")))).toEqual(after);
  });

  it("revokes no other owner", async () => {
    const pin = "A".repeat(43);
    const other = door.principals.create({ name: "Ada", kind: "owner", grants: [], pin });
    const { principal } = await ensure();
    rmSync(file);
    await ensure();
    expect(living()).toContain(other.id);
    expect(living()).not.toContain(principal);
  });

  it("refuses a file that others can read, and leaves everything as it is", async () => {
    const { principal } = await ensure();
    chmodSync(file, 0o644);
    await expect(ensure()).rejects.toMatchObject({ code: "file-permissions" });
    expect(living()).toEqual([principal]);
  });

  it("does nothing for a caller who has gone", async () => {
    const gone = { signal: AbortSignal.abort(new Error("gone")) };
    await expect(ensureOwner({ ...door, file, address: "x" }, gone)).rejects.toThrow("gone");
    expect(door.principals.list()).toEqual([]);
  });
});
