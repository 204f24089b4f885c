import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";
import { join } from "node:path";

import { Applications } from "./access/applications.ts";
import { GatewayIdentity } from "./access/gateway-identity.ts";
import { Principals } from "./access/principals.ts";
import { AuditLog } from "./audit/audit-log.ts";
import type { Config } from "./config/schema.ts";
import { Database } from "./store/database.ts";
import { InstanceLock } from "./store/instance-lock.ts";
import { Vault } from "./vault/vault.ts";

export interface GatewayOptions {
  /** The folder with everything that outlives the process. */
  readonly data: string;
  readonly config: Config;
  /** Where programs are looked for, as in PATH. */
  readonly searchPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
  readonly interfaces: typeof networkInterfaces;
}

/** What guards the gateway: the store, the vault, the audit log, who is known, and who the gateway itself is. */
export interface Door {
  readonly database: Database;
  readonly vault: Vault;
  readonly audit: AuditLog;
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  readonly applications: Applications;
}

export const openDoor = async (
  { data, clock, log }: Pick<GatewayOptions, "data" | "clock" | "log">,
  opening: AsyncDisposableStack,
  cancel: Cancellable,
): Promise<Door> => {
  opening.use(InstanceLock.open(join(data, "gateway.lock")));
  const database = opening.use(Database.open(join(data, "gatehouse.db")));
  const vault = await Vault.open({ database, keyFile: join(data, "vault.key") }, cancel);
  const audit = AuditLog.open({ database, secrets: vault, clock });
  const principals = Principals.open({ database, clock, audit, log });
  const identity = await GatewayIdentity.open({ secrets: vault, clock }, cancel);
  const applications = opening.use(
    Applications.open({ database, principals, secrets: vault, gateway: identity.id, log }),
  );
  return { database, vault, audit, principals, identity, applications };
};
