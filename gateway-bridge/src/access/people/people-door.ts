import type { Clock, GatewayId, Logger } from "@gatehouse/shared";

import type { GuessCount } from "../../domain/guess-count.ts";
import type { AuditSink, NoticeBoard, SecretStore } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { Devices } from "../logins/devices.ts";
import { GuessGate } from "../logins/guess-gate.ts";
import { Logins } from "../logins/logins.ts";
import { Places } from "../logins/places.ts";
import { GuestLinks } from "../guest-links.ts";
import type { ClockSense } from "../clock-sense.ts";
import type { Principals } from "../principals.ts";
import { RefusalTally } from "../refusal-tally.ts";
import { BreachedPasswords } from "./breached-passwords.ts";
import { Ceremonies } from "./ceremonies.ts";
import { CommonPasswords } from "./common-passwords.ts";
import { Credentials } from "./credentials.ts";
import { Enrolment } from "./enrolment.ts";
import { FirstRun } from "./first-run.ts";
import { OneTimeCodes } from "./one-time-codes.ts";
import { argon2id, PasswordHash, type Argon2id } from "./password-hash.ts";
import { PasskeyEnrolment } from "./passkey-enrolment.ts";
import { PasskeyProofs } from "./passkey-proofs.ts";
import { Passkeys } from "./passkeys.ts";
import { People } from "./people.ts";
import { RecoveryCodes } from "./recovery-codes.ts";
import { ThreeWords } from "./three-words.ts";
import { Totp } from "./totp.ts";

export interface PeopleDoorOptions {
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly audit: AuditSink;
  readonly principals: Principals;
  readonly clock: Clock;
  readonly log: Logger;
  readonly gateway: { readonly id: GatewayId; readonly name: string };
  /** The names by which the gateway goes, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Where everything that is tried is counted. */
  readonly guessed?: GuessCount;
  /** A file of those that have leaked, where the owner keeps one. */
  readonly breachedPasswords?: string | undefined;
  /** Where people are told what was done in their name. */
  readonly notices: NoticeBoard;
  readonly clockSense: Pick<ClockSense, "insist">;
  /** Another one in tests alone. */
  readonly argon2id?: Argon2id;
}

/** Everything by which people come in. */
export interface PeopleDoor {
  readonly people: People;
  readonly logins: Logins;
  readonly devices: Devices;
  readonly codes: OneTimeCodes;
  /** Codes that were tried as invitations, and are none. */
  readonly refusedInvitations: RefusalTally;
  readonly credentials: Credentials;
  readonly enrolment: Enrolment;
  readonly guests: GuestLinks;
  readonly recovery: RecoveryCodes;
  readonly passkeys: Passkeys;
  readonly passkeyProofs: PasskeyProofs;
  readonly passkeyEnrolment: PasskeyEnrolment;
  readonly firstRun: FirstRun;
  readonly words: ThreeWords;
}

export const openPeopleDoor = async (
  options: PeopleDoorOptions,
  opening: AsyncDisposableStack,
): Promise<PeopleDoor> => {
  const { gateway } = options;
  const [common, words] = await Promise.all([CommonPasswords.open(), ThreeWords.open()]);
  const { breachedPasswords } = options;
  const breached =
    breachedPasswords === undefined ? undefined : opening.use(await BreachedPasswords.open(breachedPasswords));
  const places = new Places();
  const passwords = new PasswordHash(options.argon2id ?? argon2id);
  const codes = new OneTimeCodes(options);
  const refusedInvitations = opening.use(new RefusalTally({ ...options, action: "openInvitation" }));
  const recovery = new RecoveryCodes(options);
  const totp = new Totp({ ...options, issuer: gateway.name });
  const passkeys = new Passkeys(options);
  const people = opening.use(People.open({ ...options, codes, recovery, totp, passkeys }));
  const logins = opening.use(Logins.open(options));
  // Behind the logins, which end with what it finds over.
  const guests = opening.use(GuestLinks.open({ ...options, codes }));
  const devices = new Devices(options);
  const guesses = new GuessGate({ ...options, places });
  const own = { passwords, codes, recovery, totp, passkeys, people, logins, devices, guesses, guests };
  const ceremonies = new Ceremonies(options);
  const parts = { ...options, ...own, places, ceremonies, gatewayName: gateway.name };
  const credentials = opening.use(new Credentials(parts));
  const enrolment = new Enrolment({ ...parts, common, breached });
  const passkeyProofs = opening.use(new PasskeyProofs(parts));
  const passkeyEnrolment = new PasskeyEnrolment(parts);
  const firstRun = opening.use(new FirstRun(parts));
  return { ...own, refusedInvitations, credentials, enrolment, passkeyProofs, passkeyEnrolment, firstRun, words };
};
