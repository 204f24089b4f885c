import { spkiPin, systemClock, type Identity } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { join } from "node:path";

import { GatewayIdentity } from "../../gateway-bridge/src/access/gateway-identity.ts";
import { ensureOwner } from "../../gateway-bridge/src/access/owner-identity.ts";
import { Pairing } from "../../gateway-bridge/src/access/pairing.ts";
import { Principals } from "../../gateway-bridge/src/access/principals.ts";
import { AuditLog } from "../../gateway-bridge/src/audit/audit-log.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";

const never = { signal: new AbortController().signal };
const newPin = (): string =>
  spkiPin(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" }));

export interface Door extends Disposable {
  readonly database: Database;
  readonly vault: Vault;
  readonly audit: AuditLog;
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  readonly pairing: Pairing;
  readonly owner: Identity;
}

/** Everything that guards a gateway, on a data folder, as a start of the gateway opens it. */
export const openDoorOn = async (folder: string): Promise<Door> => {
  const clock = systemClock;
  const database = Database.open(join(folder, "gatehouse.db"));
  const vault = await Vault.open({ database, keyFile: join(folder, "vault.key") }, never);
  const audit = AuditLog.open({ database, clock, secrets: vault });
  const principals = Principals.open({ database, clock, audit, log: new MemoryLogger() });
  const identity = await GatewayIdentity.open({ secrets: vault }, never);
  const address = "127.0.0.1:8443";
  const options = { database, clock, audit, principals, identity, name: "Gatehouse", address: () => address };
  const pairing = Pairing.open(options);
  const owner = await ensureOwner({ principals, identity, file: join(folder, "cli.json"), address }, never);
  const close = (): void => {
    pairing[Symbol.dispose]();
    database[Symbol.dispose]();
  };
  return { database, vault, audit, principals, identity, pairing, owner, [Symbol.dispose]: close };
};

/** Says that something is done, with a system call of its own: what was written here was told. */
const acknowledge = (...words: readonly string[]): void => void writeSync(1, `${words.join(" ")}\n`);

/** Writes for ever, telling of each thing once it is done. Its parent kills it. */
const writeForEver = async (folder: string): Promise<never> => {
  acknowledge("opening");
  const { database, vault, audit, principals, pairing, identity, owner } = await openDoorOn(folder);
  acknowledge("open", identity.pin, owner.principal);
  for (;;) {
    const mark = randomBytes(8).toString("hex");
    vault.put(`secret/${mark}`, Buffer.from(mark));
    acknowledge("secret", mark);
    audit.append({ principal: "-", action: "test", target: "-", outcome: "done", detail: mark });
    acknowledge("audit", mark);
    const { id } = principals.create({ name: mark, kind: "homebridge", grants: [], pin: newPin() });
    acknowledge("principal", id);
    principals.revoke(id);
    acknowledge("revoked", id);
    const { pairingString } = pairing.offer({
      kind: "node-red",
      name: mark,
      grants: [{ action: "live", camera: "*" }],
    });
    acknowledge("offer", pairingString);
    const secret = pairingString.slice(pairingString.lastIndexOf(".") + 1);
    const publicKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
      type: "spki",
      format: "der",
    });
    const pair = { kind: "node-red", secret, publicKey: publicKey.toString("base64") } as const;
    acknowledge("paired", (await pairing.redeem(pair, never)).principal, pairingString);
    // Two rows that are only ever changed together.
    database.transaction(() => {
      vault.put("twin/one", Buffer.from(mark));
      vault.put("twin/two", Buffer.from(mark));
    });
    acknowledge("twins", mark);
  }
};

if (import.meta.main) await writeForEver(process.argv[2] ?? "");
