import type { Account, CameraState, Plane } from "./camera-state.ts";

/** By what a login came. */
export type LoginProtocol = "onvif" | "http" | "rtsp";

export interface LockRule {
  /** Wrong logins of an account until it is locked. */
  readonly administrator: number;
  readonly others: number;
  readonly forMs: number;
}

interface Tries {
  wrong: number;
  lockedUntil: number;
}

export interface AccountsOptions {
  readonly state: CameraState;
  /** Milliseconds since the epoch, by a clock that nobody sets. */
  readonly now: () => number;
  /** Undefined for a camera that lets anybody guess for ever. */
  readonly lock: () => LockRule | undefined;
  /** Each plane locks by itself. */
  readonly locksApart: boolean;
}

/** Who may log in to a camera, and who tried: counts every wrong password, and locks an account that saw too many. */
export class Accounts {
  /** Wrong passwords ever, by account and protocol. */
  readonly wrong = new Map<string, Record<LoginProtocol, number>>();
  /** Each wrong password and when it came. */
  readonly tries: { readonly account: string; readonly protocol: LoginProtocol; readonly at: number }[] = [];
  /** Logins that were refused because the account was locked, whatever the password. */
  refusedWhileLocked = 0;
  readonly #options: AccountsOptions;
  readonly #tries = new Map<string, Tries>();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  of(plane: Plane): readonly Account[] {
    return this.#options.state.accounts[plane];
  }

  find(plane: Plane, username: string): Account | undefined {
    return this.of(plane).find((account) => account.username === username);
  }

  /** Seconds until the account may try again; 0 while it is not locked. */
  lockedFor(plane: Plane, username: string): number {
    const until = this.#tries.get(this.#key(plane, username))?.lockedUntil ?? 0;
    return Math.max(0, Math.ceil((until - this.#options.now()) / 1_000));
  }

  /** Tries that an account has left before it is locked; undefined where nothing locks. */
  triesLeft(plane: Plane, username: string): number | undefined {
    const rule = this.#options.lock();
    if (rule === undefined) return undefined;
    const wrong = this.#tries.get(this.#key(plane, username))?.wrong ?? 0;
    return Math.max(0, this.#allowed(rule, plane, username) - wrong);
  }

  /** A right password: what was wrong before is forgotten. */
  right(plane: Plane, username: string): void {
    this.#tries.delete(this.#key(plane, username));
  }

  fail(plane: Plane, protocol: LoginProtocol, username: string): void {
    const now = this.#options.now();
    const counts = this.wrong.get(username) ?? { onvif: 0, http: 0, rtsp: 0 };
    counts[protocol] += 1;
    this.wrong.set(username, counts);
    this.tries.push({ account: username, protocol, at: now });
    const rule = this.#options.lock();
    if (rule === undefined) return;
    const key = this.#key(plane, username);
    const tries = this.#tries.get(key) ?? { wrong: 0, lockedUntil: 0 };
    tries.wrong += 1;
    if (tries.wrong >= this.#allowed(rule, plane, username)) {
      tries.wrong = 0;
      tries.lockedUntil = now + rule.forMs;
    }
    this.#tries.set(key, tries);
  }

  /** As after a restart: locks are in memory alone. */
  forget(): void {
    this.#tries.clear();
  }

  #allowed(rule: LockRule, plane: Plane, username: string): number {
    return this.find(plane, username)?.level === "Administrator" ? rule.administrator : rule.others;
  }

  #key(plane: Plane, username: string): string {
    return this.#options.locksApart ? `${plane} ${username}` : username;
  }
}
