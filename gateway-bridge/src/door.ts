import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";
import { join } from "node:path";

import { Applications } from "./access/applications.ts";
import { GatewayIdentity } from "./access/gateway-identity.ts";
import { openPeopleDoor, type PeopleDoor } from "./access/people/people-door.ts";
import { Principals } from "./access/principals.ts";
import { AccessTally } from "./audit/access-tally.ts";
import { AuditLog } from "./audit/audit-log.ts";
import type { HeadPush } from "./audit/head-push.ts";
import { openHeadPush } from "./audit/open-head-push.ts";
import { SignedHeads } from "./audit/signed-heads.ts";
import type { Config } from "./config/schema.ts";
import { homeAddresses, ownNames } from "./domain/own-names-policy.ts";
import { Database } from "./store/database.ts";
import { InstanceLock } from "./store/instance-lock.ts";
import { removeLeftovers } from "./store/leftovers.ts";
import { reportDeeds } from "./store/noted-deeds.ts";
import { finishPendingChange } from "./store/pending-change.ts";
import type { AskPassphrase } from "./vault/root-key.ts";
import { GatewayCertificates } from "./tls/gateway-certificates.ts";
import { HomeAuthority } from "./tls/home-authority.ts";
import { Vault } from "./vault/vault.ts";

export interface GatewayOptions {
  /** The folder with everything that outlives the process. */
  readonly data: string;
  /** Asked where a passphrase protects the vault. */
  readonly passphrase?: AskPassphrase;
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
export interface Door extends PeopleDoor {
  readonly database: Database;
  readonly vault: Vault;
  readonly audit: AuditLog;
  /** Where the log stood, signed. */
  readonly heads: SignedHeads;
  /** Undefined where heads are pushed nowhere. */
  readonly headPush: HeadPush | undefined;
  readonly accesses: AccessTally;
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  readonly certificates: GatewayCertificates;
  readonly applications: Applications;
}

export const openDoor = async (
  options: GatewayOptions,
  opening: AsyncDisposableStack,
  cancel: Cancellable,
): Promise<Door> => {
  const { data, passphrase, config, clock, log, random } = options;
  opening.use(InstanceLock.open(join(data, "gateway.lock")));
  await finishPendingChange(data);
  await removeLeftovers(data);
  const database = opening.use(Database.open(join(data, "gatehouse.db")));
  const keyFile = join(data, "vault.key");
  const vault = await Vault.open({ database, keyFile, ...(passphrase !== undefined && { passphrase }) }, cancel);
  const audit = AuditLog.open({ database, secrets: vault, clock });
  reportDeeds(database, audit);
  const principals = Principals.open({ database, clock, audit, log });
  const identity = await GatewayIdentity.open({ secrets: vault }, cancel);
  const certificates = opening.use(await openCertificates(options, { identity, vault }, cancel));
  const heads = opening.use(SignedHeads.open({ database, clock, secrets: vault, log, audit, gateway: identity.id }));
  const headPush = opening.use(await openHeadPush(config.audit.heads, { heads, audit, clock, log, random }, cancel));
  const accesses = opening.use(new AccessTally({ audit, clock, log }));
  const applications = opening.use(
    Applications.open({ database, principals, secrets: vault, gateway: identity.id, log }),
  );
  const gateway = { id: identity.id, name: config.name };
  const people = await openPeopleDoor({ database, secrets: vault, audit, principals, clock, log, gateway }, opening);
  const known = { principals, applications, ...people };
  return { database, vault, audit, heads, headPush, accesses, identity, certificates, ...known };
};

const openCertificates = (
  { config: { web, tls }, interfaces, clock, log }: GatewayOptions,
  { identity, vault: secrets }: Pick<Door, "identity" | "vault">,
  cancel: Cancellable,
): Promise<GatewayCertificates> => {
  const { id: gateway, keys } = identity;
  const own = tls.kind === "own" && web.name !== undefined ? { ...tls, name: web.name } : undefined;
  // What has a certificate of its own is nothing that the home's authority must be able to vouch for.
  const names = ownNames({ gateway, web }).filter((name) => name !== own?.name.toLowerCase());
  const addresses = (): readonly string[] => homeAddresses(interfaces());
  const home = HomeAuthority.open({ gateway, keys, names, addresses, secrets, clock, log });
  return GatewayCertificates.open({ home, own, clock, log }, cancel);
};
