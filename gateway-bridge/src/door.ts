import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";
import { join } from "node:path";

import { Applications } from "./access/applications.ts";
import { GatewayIdentity } from "./access/gateway-identity.ts";
import { openPeopleDoor, type PeopleDoor } from "./access/people/people-door.ts";
import { ClockSense } from "./access/clock-sense.ts";
import { Notices } from "./access/notices.ts";
import { Principals } from "./access/principals.ts";
import { Roles } from "./access/roles.ts";
import { AccessTally } from "./audit/access-tally.ts";
import { AuditLog } from "./audit/audit-log.ts";
import type { HeadPush } from "./audit/head-push.ts";
import { openHeadPush } from "./audit/open-head-push.ts";
import { SignedHeads } from "./audit/signed-heads.ts";
import type { Config } from "./config/schema.ts";
import { GuessCount } from "./domain/guess-count.ts";
import { homeAddresses, ownNames } from "./domain/own-names-policy.ts";
import { Database } from "./store/database.ts";
import { InstanceLock } from "./store/instance-lock.ts";
import { removeLeftovers } from "./store/leftovers.ts";
import { reportDeeds } from "./store/noted-deeds.ts";
import { finishPendingChange } from "./store/pending-change.ts";
import type { AskPassphrase } from "./vault/root-key.ts";
import { AcmeCertificate } from "./tls/acme-certificate.ts";
import { openAcmeLibrary } from "./tls/acme-library.ts";
import { withAuthority } from "./tls/authorities.ts";
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
  /** The folder of the release that runs, where it was installed from one. */
  readonly release?: string | undefined;
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
  /** Everything that was tried at this door. */
  readonly guessed: GuessCount;
  readonly notices: Notices;
  readonly clockSense: ClockSense;
  readonly principals: Principals;
  readonly roles: Roles;
  readonly identity: GatewayIdentity;
  /** The names by which the gateway goes, in lower case. */
  readonly names: ReadonlySet<string>;
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
  // Before anything is written down by a clock that may be wrong.
  const newestRow = audit.list({ limit: 1 })[0]?.time;
  const deeds = reportDeeds(database, audit);
  const principals = Principals.open({ database, clock, audit, log });
  const notices = opening.use(Notices.open({ database, principals, clock, log }));
  for (const { action, detail } of deeds) {
    if (action === "restored") notices.raise({ kind: "restored", text: `The gateway was restored: ${detail}.` });
  }
  const clockSense = opening.use(ClockSense.open({ database, newestRow, clock, notices }));
  const roles = new Roles({ database, principals, audit });
  const identity = await GatewayIdentity.open({ secrets: vault }, cancel);
  const certificates = opening.use(
    await openCertificates(options, { identity, vault, database, audit, notices }, cancel),
  );
  const heads = opening.use(
    SignedHeads.open({ database, clock, secrets: vault, log, audit, notices, gateway: identity.id }),
  );
  const headPush = opening.use(
    await openHeadPush(config.audit.heads, { heads, audit, notices, clock, log, random }, cancel),
  );
  const accesses = opening.use(new AccessTally({ audit, clock, log }));
  const applications = opening.use(
    Applications.open({ database, principals, secrets: vault, gateway: identity.id, log }),
  );
  const gateway = { id: identity.id, name: config.name };
  const names = new Set(ownNames({ gateway: identity.id, web: config.web }));
  const guessed = new GuessCount();
  const parts = { database, secrets: vault, audit, notices, clockSense, principals, clock, log, gateway, names };
  const people = await openPeopleDoor({ ...parts, guessed, ...config.signIn }, opening);
  const known = { names, notices, clockSense, principals, roles, applications, ...people };
  return { database, vault, audit, heads, headPush, accesses, guessed, identity, certificates, ...known };
};

const openCertificates = async (
  options: GatewayOptions,
  door: Pick<Door, "identity" | "vault" | "database" | "audit" | "notices">,
  cancel: Cancellable,
): Promise<GatewayCertificates> => {
  const { config, interfaces, clock, log } = options;
  const { identity, vault: secrets, notices } = door;
  const { web, tls } = config;
  const { id: gateway, keys } = identity;
  const own = tls.kind === "own" && web.name !== undefined ? { ...tls, name: web.name } : undefined;
  // What has a certificate of its own is nothing that the home's authority must be able to vouch for.
  const itself = tls.kind === "home" ? undefined : web.name?.toLowerCase();
  const names = ownNames({ gateway, web }).filter((name) => name !== itself);
  const addresses = (): readonly string[] => homeAddresses(interfaces());
  const home = HomeAuthority.open({ gateway, keys, names, addresses, secrets, clock, log });
  const openAcme = await acmeOpener(options, door, cancel);
  return GatewayCertificates.open({ home, own, openAcme, notices, clock, log }, cancel);
};

/** Opens the certificate that is sought by ACME; undefined where none is. */
const acmeOpener = async (
  { config: { web, tls }, clock, log, random }: GatewayOptions,
  { vault: secrets, database, audit, notices }: Pick<Door, "vault" | "database" | "audit" | "notices">,
  cancel: Cancellable,
): Promise<((onChanged: () => void) => AcmeCertificate) | undefined> => {
  const { name } = web;
  if (tls.kind !== "acme" || name === undefined) return undefined;
  const authorities = tls.authority === undefined ? undefined : await withAuthority(tls.authority, cancel);
  const place = { ...tls, name, authorities };
  const parts = { openClient: openAcmeLibrary, secrets, database, audit, notices, clock, log, random };
  return (onChanged) => AcmeCertificate.open({ ...place, ...parts }, onChanged);
};
