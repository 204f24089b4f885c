import type { Clock, GatewayId, Logger } from "@gatehouse/shared";

import type { AuditSink, SecretStore } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { Devices } from "../logins/devices.ts";
import { GuessGate } from "../logins/guess-gate.ts";
import { Logins } from "../logins/logins.ts";
import { Places } from "../logins/places.ts";
import type { Principals } from "../principals.ts";
import { BreachedList } from "./breached-list.ts";
import { Credentials } from "./credentials.ts";
import { Enrolment } from "./enrolment.ts";
import { FirstRun } from "./first-run.ts";
import { OneTimeCodes } from "./one-time-codes.ts";
import { argon2id, PasswordHash, type Argon2id } from "./password-hash.ts";
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
  /** Another one in tests alone. */
  readonly argon2id?: Argon2id;
}

/** Everything by which people come in. */
export interface PeopleDoor {
  readonly people: People;
  readonly logins: Logins;
  readonly devices: Devices;
  readonly codes: OneTimeCodes;
  readonly credentials: Credentials;
  readonly enrolment: Enrolment;
  readonly recovery: RecoveryCodes;
  readonly firstRun: FirstRun;
  readonly words: ThreeWords;
}

export const openPeopleDoor = async (
  options: PeopleDoorOptions,
  opening: AsyncDisposableStack,
): Promise<PeopleDoor> => {
  const { gateway } = options;
  const [breached, words] = await Promise.all([BreachedList.open(), ThreeWords.open()]);
  const places = new Places();
  const passwords = new PasswordHash(options.argon2id ?? argon2id);
  const codes = new OneTimeCodes(options);
  const recovery = new RecoveryCodes(options);
  const totp = new Totp({ ...options, issuer: gateway.name });
  const people = opening.use(People.open({ ...options, codes, recovery, totp }));
  const logins = opening.use(Logins.open(options));
  const devices = new Devices(options);
  const guesses = new GuessGate({ ...options, places });
  const parts = { ...options, places, passwords, codes, recovery, totp, people, logins, devices, guesses };
  const credentials = opening.use(new Credentials(parts));
  const enrolment = new Enrolment({ ...parts, breached, gatewayName: gateway.name });
  const firstRun = opening.use(new FirstRun(parts));
  return { people, logins, devices, codes, credentials, enrolment, recovery, firstRun, words };
};
