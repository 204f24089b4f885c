import type { Cancellable, Clock } from "@gatehouse/shared";
import { join } from "node:path";

import { AuditLog } from "./audit/audit-log.ts";
import { Database } from "./store/database.ts";
import { InstanceLock } from "./store/instance-lock.ts";
import { reportDeeds } from "./store/noted-deeds.ts";
import type { AskPassphrase } from "./vault/root-key.ts";
import { Vault } from "./vault/vault.ts";

/** Names of what lies in a relay's data folder. */
export const relayFiles = {
  config: "relay.json",
  database: "relay.db",
  vaultKey: "vault.key",
  lock: "relay.lock",
  control: "control.sock",
  running: "running.json",
  metricsToken: "metrics-token",
  /** Of the first operator, unless it was put elsewhere. */
  operatorKey: "operator.json",
} as const;

export interface RelayStoreOptions {
  readonly data: string;
  readonly clock: Clock;
  /** Asked where a passphrase protects the vault. */
  readonly passphrase?: AskPassphrase | undefined;
}

/** What of a relay outlives its process. */
export interface RelayStore {
  readonly database: Database;
  readonly vault: Vault;
  readonly audit: AuditLog;
}

/**
 * Opens a relay's data for this process alone.
 * @throws GatehouseError `gateway-running` where another relay uses them, `data-folder`, `data-corrupt`, those of the vault
 */
export const openRelayStore = async (
  { data, clock, passphrase }: RelayStoreOptions,
  opening: AsyncDisposableStack,
  cancel: Cancellable,
): Promise<RelayStore> => {
  opening.use(InstanceLock.open(join(data, relayFiles.lock), "relay"));
  const database = opening.use(Database.open(join(data, relayFiles.database)));
  const keyFile = join(data, relayFiles.vaultKey);
  const vault = await Vault.open({ database, keyFile, ...(passphrase !== undefined && { passphrase }) }, cancel);
  const audit = AuditLog.open({ database, secrets: vault, clock });
  // What was done to the vault while the relay was stopped.
  reportDeeds(database, audit);
  return { database, vault, audit };
};
