import type { Assurance, Factor, LoginId, PrincipalId } from "@gatehouse/shared";

/** How long what was shown stands for what changes settings. */
export const stepUpMs: number = 10 * 60_000;

/** How long a login lasts unused, and at most. Whoever may change the gateway's settings has less of both, and never stays. */
export const lifetimes = {
  admin: { idleMs: 15 * 60_000, absoluteMs: 12 * 3_600_000 },
  viewer: { idleMs: 3_600_000, absoluteMs: 12 * 3_600_000 },
  /** Of who wished to stay signed in, and of guests. */
  staying: { idleMs: 24 * 3_600_000, absoluteMs: 30 * 24 * 3_600_000 },
} as const;

/** By Clock.now(). */
export interface LoginTimes {
  readonly created: number;
  readonly used: number;
  /** When a guest's time is over. Guests come back without a sign-in up to then: their link works but once. */
  readonly until?: number | undefined;
  /** Whether the person wished to stay signed in. */
  readonly stays: boolean;
}

/** A login that stands. */
export interface LiveLogin {
  readonly id: LoginId;
  readonly principal: PrincipalId;
  readonly factors: readonly Factor[];
  readonly assurance: Assurance;
  /** When all that the person has was last shown. */
  readonly steppedUp: number | undefined;
}

/** When a login ends, unless it is used before. */
export const endOfLogin = ({ created, used, until, stays }: LoginTimes, admin: boolean): number => {
  if (until !== undefined) return Math.min(until, created + lifetimes.staying.absoluteMs);
  const { idleMs, absoluteMs } = lifetimes[admin ? "admin" : stays ? "staying" : "viewer"];
  return Math.min(used + idleMs, created + absoluteMs);
};

/** Up to when a browser keeps a login's cookie; undefined for one that goes when the browser is closed. */
export const cookieEnd = ({ created, until, stays }: LoginTimes, admin: boolean): number | undefined =>
  until ?? (stays && !admin ? created + lifetimes.staying.absoluteMs : undefined);

/** One from the future is over, too: the clock was set back, which must not make a login live longer. */
export const isLoginOver = (times: LoginTimes, admin: boolean, now: number): boolean =>
  times.created > now || times.used > now || now >= endOfLogin(times, admin);

/**
 * What the factors that were shown are worth. A code that let somebody in to set up the others is none by itself; a passkey is two,
 * what the device is and what its person knows or is.
 */
export const assuranceOf = (factors: readonly Factor[]): Assurance => {
  if (factors.includes("passkey")) return "two";
  const second = factors.includes("totp") || factors.includes("recovery-code");
  return factors.includes("password") && second ? "two" : "one";
};

/** Whether somebody came in by a one-time code and has set up nothing to sign in with yet: there is nothing else that it may do. */
export const isEnrolling = (factors: readonly Factor[]): boolean =>
  !factors.some((factor) => factor === "password" || factor === "passkey" || factor === "link");

/** Whether somebody sets everything up for the first time, or anew, which is no news: it came in by a one-time code. */
export const isSettingUp = (factors: readonly Factor[]): boolean => factors.includes("code");

export const hasSteppedUp = ({ steppedUp }: Pick<LiveLogin, "steppedUp">, now: number): boolean =>
  steppedUp !== undefined && steppedUp <= now && now < steppedUp + stepUpMs;

/** What a person has set up. */
export interface SetUpFactors {
  readonly password: boolean;
  readonly totp: boolean;
  /** How many. */
  readonly passkeys: number;
}

/** Whether somebody has what two factors need. */
export const hasTwoFactors = ({ password, totp, passkeys }: SetUpFactors): boolean =>
  passkeys > 0 || (password && totp);

/** Whether these are all that a person is asked for: two factors, or the one that it has. */
export const isComplete = (shown: readonly Factor[], has: SetUpFactors): boolean =>
  assuranceOf(shown) === "two" || (shown.includes("password") && !has.totp && has.passkeys === 0);

/**
 * Whether somebody may set another password: all that there is was just shown, or there is none and this person was invited to set
 * one. A login by passkey that is left open does not do.
 */
export const maySetPassword = (login: LiveLogin, has: SetUpFactors, now: number): boolean =>
  hasSteppedUp(login, now) || (!has.password && isEnrolling(login.factors));

/** Whether somebody may take another authenticator or passkey. An invitation alone, which replaces a forgotten password, does not do. */
export const mayChangeFactors = (login: LiveLogin, has: SetUpFactors, now: number): boolean =>
  hasSteppedUp(login, now) || (!has.password && !has.totp && has.passkeys === 0);

/** Whether these factors may be all that is left: somebody can still sign in, and who governs the gateway with two. */
export const mayBeLeft = (left: SetUpFactors, governs: boolean): boolean =>
  governs ? hasTwoFactors(left) : left.password || left.passkeys > 0;
