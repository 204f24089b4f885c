import { GatehouseError, Secret, type Cancellable, type Clock, type Factor, type PrincipalId } from "@gatehouse/shared";

import type { AuditSink } from "../../ports.ts";
import type { Devices } from "../logins/devices.ts";
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
  readonly peer: string;
}

/** That somebody is who it says. */
export interface Proof {
  readonly principal: PrincipalId;
  readonly factors: readonly Factor[];
}

export interface CredentialsOptions {
  readonly people: People;
  readonly passwords: PasswordHash;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly guesses: GuessGate;
  readonly devices: Devices;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

/**
 * Judges who people say they are. Both factors are judged at once, and refused in the same words after the same work, whatever was
 * wrong and whether the name is anybody's. A name that is nobody's is never written down: people type passwords there.
 */
export class Credentials implements Disposable {
  readonly #options: CredentialsOptions;
  readonly #refusals: RefusalTally;

  constructor(options: CredentialsOptions) {
    this.#options = options;
    this.#refusals = new RefusalTally({ ...options, action: "signIn" });
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
    const { guesses, devices, audit } = this.#options;
    const { loginName } = attempt;
    const device = account && devices.keyOf(from.cookieHeader, account.principal);
    const guess = { account: account?.principal, loginName, device, peer: from.peer };
    const proof = await guesses
      .admit(guess, () => this.#evaluate(account, attempt), cancel)
      .catch((error: unknown) => {
        this.#refusals.add(`not looked at, for ${account?.principal ?? "nobody"}`);
        throw error;
      });
    if (proof === undefined) {
      this.#refusals.add(`wrong, for ${account?.principal ?? "nobody"}`);
      throw new GatehouseError("sign-in-refused", "name, password or code is wrong");
    }
    const detail = proof.factors.join("+");
    audit.append({ principal: proof.principal, action, target: proof.principal, outcome: "allowed", detail });
    return proof;
  }

  async #evaluate(account: Account | undefined, { password, code }: SignInAttempt): Promise<Proof | undefined> {
    const { people, passwords } = this.#options;
    const right = await passwords.verify(account?.password, password);
    if (account === undefined || account.password === null || !right) return undefined;
    // The person may have changed while the password was hashed.
    const now = people.get(account.principal);
    if (now === undefined || now.password !== account.password) return undefined;
    const second = this.#judgeCode(now, code);
    if (second === "wrong") return undefined;
    if (passwords.isOutdated(account.password)) {
      people.setPassword(account.principal, await passwords.make(password));
    }
    return { principal: account.principal, factors: ["password", ...(second === undefined ? [] : [second])] };
  }

  /** The factor that the code is, undefined where none is needed; `wrong` also where one is missing. Uses it up. */
  #judgeCode({ principal, totp: needed }: Account, code: Secret | undefined): Factor | "wrong" | undefined {
    if (!needed) return undefined;
    if (code === undefined) return "wrong";
    const { people, totp, recovery } = this.#options;
    const plain = Secret.of(code.reveal().replace(/[\s-]/g, ""));
    const step = totp.check(principal, plain);
    if (step !== undefined && people.spendStep(principal, step)) return "totp";
    return recovery.use(principal, plain) ? "recovery-code" : "wrong";
  }
}
