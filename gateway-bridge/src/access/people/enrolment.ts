import {
  GatehouseError,
  type Cancellable,
  type Clock,
  type Factor,
  type PrincipalId,
  type Secret,
  type TotpSecret,
} from "@gatehouse/shared";

import { hasSteppedUp, isSettingUp, mayBeLeft, maySetPassword, type LiveLogin } from "../../domain/login-policy.ts";
import type { Database } from "../../store/database.ts";
import type { NoticeBoard } from "../../ports.ts";
import type { ClockSense } from "../clock-sense.ts";
import type { GuestLinks } from "../guest-links.ts";
import type { Devices } from "../logins/devices.ts";
import type { BegunLogin, Logins } from "../logins/logins.ts";
import type { Places } from "../logins/places.ts";
import type { BreachedPasswords } from "./breached-passwords.ts";
import type { CommonPasswords } from "./common-passwords.ts";
import { codeRefused, loginEnded, stepUpNeeded } from "./enrolment-refusals.ts";
import { changeableAccount, ownAccount } from "./own-account.ts";
import type { PasswordHash } from "./password-hash.ts";
import { judgePassword, weaknessText } from "./password-policy.ts";
import type { Account, People } from "./people.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import type { Totp } from "./totp.ts";

export interface EnrolmentOptions {
  readonly database: Database;
  readonly people: People;
  readonly passwords: PasswordHash;
  readonly common: CommonPasswords;
  /** Undefined where the owner keeps no such file. */
  readonly breached: BreachedPasswords | undefined;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly logins: Logins;
  readonly devices: Devices;
  readonly guests: GuestLinks;
  readonly places: Places;
  readonly notices: NoticeBoard;
  readonly clockSense: Pick<ClockSense, "insist">;
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
   * Sets the person's password. Every login, every known browser and every guest link of the person ends with the one before; the
   * login that asked begins anew.
   * @throws GatehouseError `password-weak`, `step-up-required`, `too-many-guesses`
   */
  async setPassword(
    { login, password, device }: { login: LiveLogin; password: Secret; device: string },
    cancel: Cancellable,
  ): Promise<BegunLogin> {
    const { database, people, passwords, logins, devices, guests, places, clock } = this.#options;
    const insist = (): Account => {
      const account = ownAccount(people, login.principal);
      if (!maySetPassword(login, people.factorsOf(account), clock.now())) throw stepUpNeeded();
      return account;
    };
    await this.#judge(password, insist());
    const phc = await places.run("known", () => passwords.make(password), cancel);
    const account = insist();
    const { principal } = account;
    const { totp, passkeys } = people.factorsOf(account);
    // Whoever was thrown out meanwhile does not come in by it again.
    if (logins.get(login.id) === undefined) throw loginEnded();
    const begun = database.transaction(() => {
      people.setPassword(principal, phc);
      logins.endAll(principal);
      devices.forgetAll(principal);
      guests.endMadeBy(principal, "its maker has another password");
      const factors: Factor[] = [...new Set<Factor>([...login.factors, "password"])];
      const complete = hasSteppedUp(login, clock.now()) || (!totp && passkeys === 0);
      return logins.begin({ principal, factors, device, complete });
    });
    const isNews = account.password !== null || !isSettingUp(login.factors);
    if (isNews) this.#tell("password-changed", principal, "Your password was changed.");
    return begun;
  }

  /** @throws GatehouseError `step-up-required` */
  startTotp(login: LiveLogin): TotpSecret {
    const { loginName } = changeableAccount(this.#options, login);
    return this.#options.totp.start(login.principal, loginName);
  }

  /**
   * Puts the authenticator that shows the code in the place of the one before, with which the logins elsewhere end.
   * @throws GatehouseError `code-refused`, `step-up-required`
   */
  confirmTotp(login: LiveLogin, code: Secret): BegunLogin {
    const { database, people, totp, logins, clockSense } = this.#options;
    const account = changeableAccount(this.#options, login);
    const { principal } = account;
    clockSense.insist();
    const before = people.factorsOf(account);
    const raised = database.transaction(() => {
      const step = totp.confirm(principal, code);
      if (step === undefined) throw codeRefused(totp.offBy(principal, code));
      people.setTotp(principal, step);
      const raised = logins.raise(login.id, ["totp"]);
      if (raised === undefined) throw loginEnded();
      // Who has the one before may be why there is another.
      if (before.totp) logins.endAll(principal, login.id);
      return raised;
    });
    const isNews = before.totp || before.passkeys > 0 || !isSettingUp(login.factors);
    if (isNews) this.#tell("factor-changed", principal, "An authenticator was set up.");
    return raised;
  }

  /**
   * Does without an authenticator from here on. The person's logins elsewhere end.
   * @throws GatehouseError `step-up-required`, `not-found`, `last-factor`
   */
  removeTotp(login: LiveLogin): void {
    const { database, people, logins } = this.#options;
    const account = changeableAccount(this.#options, login);
    const { principal } = account;
    if (!account.totp) {
      throw new GatehouseError("not-found", "there is no authenticator", { remedy: "Nothing is left to remove." });
    }
    if (!mayBeLeft({ ...people.factorsOf(account), totp: false }, people.mayGovern(principal))) {
      throw new GatehouseError("last-factor", "without it you could not do what you may");
    }
    database.transaction(() => {
      people.dropTotp(principal);
      logins.endAll(principal, login.id);
    });
    this.#tell("factor-changed", principal, "Your authenticator was taken off.");
  }

  /**
   * Ten new ones in the place of those before.
   * @throws GatehouseError `step-up-required` for whoever has not just shown two factors
   */
  makeRecoveryCodes(login: LiveLogin): readonly Secret[] {
    if (login.assurance !== "two" || !hasSteppedUp(login, this.#options.clock.now())) throw stepUpNeeded();
    const { recovery } = this.#options;
    const had = recovery.left(login.principal);
    const made = recovery.make(login.principal);
    if (had > 0) this.#tell("factor-changed", login.principal, "You have other recovery codes; those before are void.");
    return made;
  }

  #tell(kind: "password-changed" | "factor-changed", person: PrincipalId, text: string): void {
    this.#options.notices.raise({ kind, person, text });
  }

  async #judge(password: Secret, { loginName }: Account): Promise<void> {
    const { common, breached, gatewayName } = this.#options;
    const isCommon = (lower: string): boolean => common.has(lower);
    const isBreached = async (): Promise<boolean> => (await breached?.has(password)) ?? false;
    const context = { loginName, gatewayName, isCommon };
    const why = judgePassword(password.reveal(), context) ?? ((await isBreached()) ? "breached" : undefined);
    if (why !== undefined) throw new GatehouseError("password-weak", weaknessText[why], { details: { why } });
  }
}
