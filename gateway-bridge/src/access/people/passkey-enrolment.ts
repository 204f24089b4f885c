import {
  GatehouseError,
  type Clock,
  type NewPasskey,
  type Passkey,
  type PasskeyEnrolment as PasskeyOffer,
  type PasskeyId,
} from "@gatehouse/shared";

import { isSettingUp, mayBeLeft, type LiveLogin } from "../../domain/login-policy.ts";
import type { PasskeySite } from "../../domain/passkey-site-policy.ts";
import type { NoticeBoard } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import type { BegunLogin, Logins } from "../logins/logins.ts";
import { ceremonyMs, type Ceremonies, type CeremonyOf } from "./ceremonies.ts";
import { passkeyAlgorithms } from "./cose-key.ts";
import { loginEnded } from "./enrolment-refusals.ts";
import { changeableAccount } from "./own-account.ts";
import { readNewPasskey } from "./passkey-answers.ts";
import { handleOf } from "./passkey-proofs.ts";
import type { Passkeys } from "./passkeys.ts";
import type { People } from "./people.ts";

export interface PasskeyEnrolmentOptions {
  readonly database: Database;
  readonly people: People;
  readonly passkeys: Passkeys;
  readonly ceremonies: Ceremonies;
  readonly logins: Logins;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly gatewayName: string;
}

/** How people add and remove passkeys of theirs. */
export class PasskeyEnrolment {
  readonly #options: PasskeyEnrolmentOptions;

  constructor(options: PasskeyEnrolmentOptions) {
    this.#options = options;
  }

  /**
   * What a browser is to make.
   * @throws GatehouseError `step-up-required`
   */
  offer(login: LiveLogin, { host }: PasskeySite): PasskeyOffer {
    const { people, passkeys, ceremonies, gatewayName } = this.#options;
    const account = changeableAccount(this.#options, login);
    const { principal, loginName } = account;
    const { name } = people.describe(account);
    const { id: ceremony, challenge } = ceremonies.begin(enrolmentOf(login, host));
    const known = passkeys.under(host, principal);
    return {
      ceremony,
      options: {
        rp: { id: host, name: gatewayName },
        user: { id: handleOf(principal), name: loginName, displayName: name },
        challenge,
        pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: "public-key", alg })),
        timeout: ceremonyMs,
        excludeCredentials: known.map(({ credential: id, transports }) => ({
          type: "public-key",
          id,
          transports: [...transports],
        })),
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
        attestation: "none",
      },
    };
  }

  /**
   * Keeps what the browser made. The login that asked has shown it, and with it two factors.
   * @throws GatehouseError `passkey-refused`, `step-up-required`, `unauthenticated`
   */
  async add(
    login: LiveLogin,
    { name, ceremony, response }: NewPasskey,
    site: PasskeySite,
  ): Promise<{ readonly passkey: Passkey; readonly begun: BegunLogin }> {
    const { database, people, passkeys, ceremonies, logins, notices } = this.#options;
    changeableAccount(this.#options, login);
    const challenge = ceremonies.challengeOf(ceremony, enrolmentOf(login, site.host));
    if (challenge === undefined) throw new GatehouseError("passkey-refused", "this was not asked for, or is too late");
    const made = await readNewPasskey(response, { challenge, site });
    return database.transaction(() => {
      // Whoever was put out, or took something else up, while the answer was looked at.
      const now = logins.get(login.id);
      if (now === undefined) throw loginEnded();
      const account = changeableAccount(this.#options, now);
      const { principal } = account;
      const { totp, passkeys: had } = people.factorsOf(account);
      if (!ceremonies.spend(ceremony, principal)) {
        throw new GatehouseError("passkey-refused", "this was answered before");
      }
      const passkey = passkeys.add(principal, { name, host: site.host, made });
      const begun = logins.raise(login.id, ["passkey"]);
      if (begun === undefined) throw loginEnded();
      if (totp || had > 0 || !isSettingUp(login.factors)) {
        notices.raise({ kind: "factor-changed", person: principal, text: `A passkey was added: ${name}.` });
      }
      return { passkey, begun };
    });
  }

  /**
   * Takes a passkey away, and the logins of its person elsewhere with it: whoever lost a device loses what is signed in on it.
   * @throws GatehouseError `step-up-required`, `not-found`, `last-factor`
   */
  remove(login: LiveLogin, id: PasskeyId): void {
    const { database, people, passkeys, logins, notices } = this.#options;
    const account = changeableAccount(this.#options, login);
    const { principal } = account;
    database.transaction(() => {
      if (!passkeys.remove(id, principal)) {
        throw new GatehouseError("not-found", "there is no such passkey", { remedy: "Look at your passkeys again." });
      }
      if (!mayBeLeft(people.factorsOf(account), people.mayGovern(principal))) {
        throw new GatehouseError("last-factor", "without this passkey you could not do what you may");
      }
      logins.endAll(principal, login.id);
    });
    notices.raise({ kind: "factor-changed", person: principal, text: "One of your passkeys was taken off." });
  }
}

const enrolmentOf = ({ id: login }: LiveLogin, host: string): CeremonyOf => ({ purpose: "enrolment", host, login });
