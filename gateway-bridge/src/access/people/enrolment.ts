import {
  GatehouseError,
  type Cancellable,
  type Clock,
  type Factor,
  type PrincipalId,
  type Secret,
  type TotpSecret,
} from "@gatehouse/shared";

import { hasSteppedUp, mayChangeTotp, maySetPassword, type LiveLogin } from "../../domain/login-policy.ts";
import type { Database } from "../../store/database.ts";
import type { Devices } from "../logins/devices.ts";
import type { BegunLogin, Logins } from "../logins/logins.ts";
import type { Places } from "../logins/places.ts";
import type { BreachedList } from "./breached-list.ts";
import type { PasswordHash } from "./password-hash.ts";
import { judgePassword, weaknessText } from "./password-policy.ts";
import type { Account, People } from "./people.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import type { Totp } from "./totp.ts";

export interface EnrolmentOptions {
  readonly database: Database;
  readonly people: People;
  readonly passwords: PasswordHash;
  readonly breached: BreachedList;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly logins: Logins;
  readonly devices: Devices;
  readonly places: Places;
  readonly clock: Clock;
  readonly gatewayName: string;
}

/** How people set up and change what they sign in with. */
export class Enrolment {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /**
   * Sets the person's password. Every login and every known browser of the person is forgotten with the one before; the login that
   * asked begins anew.
   * @throws GatehouseError `password-weak`, `step-up-required`, `too-many-guesses`
   */
  async setPassword(
    { login, password, device }: { login: LiveLogin; password: Secret; device: string },
    cancel: Cancellable,
  ): Promise<BegunLogin> {
    const { database, people, passwords, logins, devices, places, clock } = this.#options;
    const insist = (): Account => {
      const account = this.#accountOf(login.principal);
      if (!maySetPassword(login, has(account), clock.now())) throw stepUp();
      return account;
    };
    this.#judge(password, insist());
    const phc = await places.run("known", () => passwords.make(password), cancel);
    const { principal, totp } = insist();
    // Whoever was thrown out meanwhile does not come in by it again.
    if (logins.get(login.id) === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
    return database.transaction(() => {
      people.setPassword(principal, phc);
      logins.endAll(principal);
      devices.forgetAll(principal);
      const factors: Factor[] = [...new Set<Factor>([...login.factors, "password"])];
      const complete = !totp || hasSteppedUp(login, clock.now());
      return logins.begin({ principal, factors, device, complete });
    });
  }

  /** @throws GatehouseError `step-up-required` */
  startTotp(login: LiveLogin): TotpSecret {
    const { loginName } = this.#mayChangeTotp(login);
    return this.#options.totp.start(login.principal, loginName);
  }

  /** @throws GatehouseError `code-refused`, `step-up-required` */
  confirmTotp(login: LiveLogin, code: Secret): BegunLogin {
    const { database, people, totp, logins } = this.#options;
    const { principal } = this.#mayChangeTotp(login);
    return database.transaction(() => {
      const step = totp.confirm(principal, code);
      if (step === undefined) throw new GatehouseError("code-refused", "this is not the code of now");
      people.setTotp(principal, step);
      const raised = logins.raise(login.id, ["totp"]);
      if (raised === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
      return raised;
    });
  }

  /**
   * Ten new ones in the place of those before.
   * @throws GatehouseError `step-up-required` for whoever has not just shown two factors
   */
  makeRecoveryCodes(login: LiveLogin): readonly Secret[] {
    if (login.assurance !== "two" || !hasSteppedUp(login, this.#options.clock.now())) throw stepUp();
    return this.#options.recovery.make(login.principal);
  }

  #judge(password: Secret, { loginName }: Account): void {
    const { breached, gatewayName } = this.#options;
    const isCommon = (lower: string): boolean => breached.has(lower);
    const why = judgePassword(password.reveal(), { loginName, gatewayName, isCommon });
    if (why !== undefined) throw new GatehouseError("password-weak", weaknessText[why], { details: { why } });
  }

  #mayChangeTotp(login: LiveLogin): Account {
    const account = this.#accountOf(login.principal);
    if (!mayChangeTotp(login, has(account), this.#options.clock.now())) throw stepUp();
    return account;
  }

  #accountOf(principal: PrincipalId): Account {
    const account = this.#options.people.get(principal);
    if (account === undefined) throw new GatehouseError("not-found", "this person is not here any more");
    return account;
  }
}

const has = ({ password, totp }: Account): { password: boolean; totp: boolean } => ({
  password: password !== null,
  totp,
});

const stepUp = (): GatehouseError =>
  new GatehouseError("step-up-required", "this needs your password and a code, shown within the last ten minutes");
