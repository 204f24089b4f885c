import {
  GatehouseError,
  Secret,
  type Cancellable,
  type Clock,
  type Factor,
  type Place,
  type Principal,
  type PrincipalId,
} from "@gatehouse/shared";

import { decidePresence } from "../../domain/access-policy.ts";
import { assuranceOf } from "../../domain/login-policy.ts";
import type { AuditSink, NoticeBoard, Visitor } from "../../ports.ts";
import type { ClockSense } from "../clock-sense.ts";
import type { Devices } from "../logins/devices.ts";
import { GuessAlarm } from "../logins/guess-alarm.ts";
import type { GuessGate } from "../logins/guess-gate.ts";
import { RefusalTally } from "../refusal-tally.ts";
import type { PasswordHash } from "./password-hash.ts";
import type { Account, People } from "./people.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import type { Totp } from "./totp.ts";

/** What somebody brings to sign in. */
export interface SignInAttempt {
  readonly loginName: string;
  readonly password: Secret;
  /** An authenticator's, or a recovery code. */
  readonly code: Secret | undefined;
}

/** Where it comes from. */
export interface AttemptOrigin {
  readonly cookieHeader: string | undefined;
  /** An address, or a device that came through the relay. */
  readonly peer: string;
  readonly place: Place;
  /** That device, by which its person signs in and nobody else. */
  readonly visitor?: Visitor | undefined;
}

/** That somebody is who it says. */
export interface Proof {
  readonly principal: PrincipalId;
  readonly factors: readonly Factor[];
}

export interface CredentialsOptions {
  readonly people: People;
  readonly principals: { get(id: PrincipalId): Principal | undefined };
  readonly passwords: PasswordHash;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly guesses: GuessGate;
  readonly devices: Devices;
  readonly audit: AuditSink;
  readonly notices: NoticeBoard;
  readonly clockSense: Pick<ClockSense, "insist">;
  readonly clock: Clock;
}

/**
 * Judges who people say they are. Both factors are judged at once, and refused in the same words after the same work, whatever was
 * wrong and whether the name is anybody's. A name that is nobody's is never written down: people type passwords there.
 */
export class Credentials implements Disposable {
  readonly #options: CredentialsOptions;
  readonly #refusals: RefusalTally;
  readonly #alarm: GuessAlarm;

  constructor(options: CredentialsOptions) {
    this.#options = options;
    this.#refusals = new RefusalTally({ ...options, action: "signIn" });
    this.#alarm = new GuessAlarm(options);
  }

  /** @throws GatehouseError `sign-in-refused`, `too-many-guesses`, `audit-unwritable`: then nobody signs in */
  async signIn(attempt: SignInAttempt, from: AttemptOrigin, cancel: Cancellable): Promise<Proof> {
    return this.#prove(this.#options.people.find(attempt.loginName), { attempt, from, action: "signIn" }, cancel);
  }

  /** The same once more, of somebody who is signed in. */
  async stepUp(
    { principal, ...attempt }: Omit<SignInAttempt, "loginName"> & { readonly principal: PrincipalId },
    from: AttemptOrigin,
    cancel: Cancellable,
  ): Promise<Proof> {
    const account = this.#options.people.get(principal);
    const named = { ...attempt, loginName: account?.loginName ?? "" };
    return this.#prove(account, { attempt: named, from, action: "stepUp" }, cancel);
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#refusals[Symbol.dispose]();
  }

  async #prove(
    account: Account | undefined,
    { attempt, from, action }: { attempt: SignInAttempt; from: AttemptOrigin; action: string },
    cancel: Cancellable,
  ): Promise<Proof> {
    const { guesses, devices, audit, clockSense } = this.#options;
    const { loginName, code } = attempt;
    const { visitor, peer } = from;
    if (visitor !== undefined && account?.principal !== visitor.person) {
      // Whether it is right for somebody else is nothing that a device may find out: not even a hash is spent on it.
      this.#alarm.add();
      this.#refusals.add("not the person of this device", { peer, unseen: true });
      throw wrong();
    }
    // Before anything is looked at, so that it says nothing of what is right.
    if (code !== undefined && isTotpLike(code)) clockSense.insist();
    // What is guessed by a device that was lost is counted against that device alone.
    const device = visitor?.device ?? (account && devices.keyOf(from.cookieHeader, account.principal));
    const guess = { account: account?.principal, loginName, device, peer };
    const proof = await guesses
      .admit(guess, () => this.#evaluate(account, attempt, from.place), cancel)
      .catch((error: unknown) => {
        this.#alarm.add();
        this.#refusals.add(`not looked at, for ${account?.principal ?? "nobody"}`, { peer, unseen: true });
        throw error;
      });
    if (proof === undefined) {
      this.#alarm.add();
      this.#refusals.add(`wrong, for ${account?.principal ?? "nobody"}`, { peer });
      throw wrong();
    }
    const detail = proof.factors.join("+");
    audit.append({ principal: proof.principal, action, target: proof.principal, outcome: "allowed", detail });
    this.#tellOf(proof);
    return proof;
  }

  /** A recovery code is used when the authenticator is lost: or by somebody who found the paper. */
  #tellOf({ principal: person, factors }: Proof): void {
    if (!factors.includes("recovery-code")) return;
    const left = this.#options.recovery.left(person);
    const text = `You signed in with a recovery code; ${left} are left.`;
    this.#options.notices.raise({ kind: "recovery-code-used", person, text });
  }

  async #evaluate(
    account: Account | undefined,
    { password, code }: SignInAttempt,
    place: Place,
  ): Promise<Proof | undefined> {
    const { people, passwords } = this.#options;
    const right = await passwords.verify(account?.password, password);
    if (account === undefined || account.password === null || !right) return undefined;
    // The person may have changed while the password was hashed.
    const now = people.get(account.principal);
    if (now === undefined || now.password !== account.password) return undefined;
    const second = this.#judgeCode(now, code);
    if (second === "wrong") return undefined;
    const proof: Proof = {
      principal: account.principal,
      factors: ["password", ...(second === undefined ? [] : [second])],
    };
    if (!this.#mayBeAt(place, proof)) return undefined;
    if (passwords.isOutdated(account.password)) {
      people.setPassword(account.principal, await passwords.make(password));
    }
    return proof;
  }

  /** From away, nobody learns that a password is right who could do nothing with it. */
  #mayBeAt(place: Place, { principal: id, factors }: Proof): boolean {
    const { principals, clock } = this.#options;
    const principal = principals.get(id);
    if (principal === undefined) return false;
    return decidePresence(principal, { place, assurance: assuranceOf(factors), now: clock.now() }) === undefined;
  }

  /**
   * The factor that the code is, undefined where none is needed; `wrong` also where one is missing. Uses it up. Who has passkeys alone
   * beside the password may do without a code, or show a recovery code in their stead.
   */
  #judgeCode(account: Account, code: Secret | undefined): Factor | "wrong" | undefined {
    const { people, totp, recovery } = this.#options;
    const { principal } = account;
    const { totp: needed, passkeys } = people.factorsOf(account);
    if (!needed && (code === undefined || passkeys === 0)) return undefined;
    if (code === undefined) return "wrong";
    const plain = Secret.of(code.reveal().replace(/[\s-]/g, ""));
    const step = totp.check(principal, plain);
    if (step !== undefined && people.spendStep(principal, step)) return "totp";
    return recovery.use(principal, plain) ? "recovery-code" : "wrong";
  }
}

const wrong = (): GatehouseError => new GatehouseError("sign-in-refused", "name, password or code is wrong");

/** Codes that are worth what the clock is worth. */
const isTotpLike = (code: Secret): boolean => /^\d{6}$/.test(code.reveal().replace(/[\s-]/g, ""));
