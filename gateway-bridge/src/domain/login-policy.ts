import type { Assurance, Factor, LoginId, PrincipalId } from "@gatehouse/shared";

/** How long what was shown stands for what changes settings. */
export const stepUpMs: number = 10 * 60_000;

/** How long a login lasts unused, and at most. Whoever may change the gateway's settings has less of both. */
export const lifetimes = {
  admin: { idleMs: 15 * 60_000, absoluteMs: 12 * 3_600_000 },
  viewer: { idleMs: 24 * 3_600_000, absoluteMs: 30 * 24 * 3_600_000 },
} as const;

/** By Clock.now(). */
export interface LoginTimes {
  readonly created: number;
  readonly used: number;
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
export const endOfLogin = ({ created, used }: LoginTimes, admin: boolean): number => {
  const { idleMs, absoluteMs } = lifetimes[admin ? "admin" : "viewer"];
  return Math.min(used + idleMs, created + absoluteMs);
};

/** One from the future is over, too: the clock was set back, which must not make a login live longer. */
export const isLoginOver = (times: LoginTimes, admin: boolean, now: number): boolean =>
  times.created > now || times.used > now || now >= endOfLogin(times, admin);

/** What the factors that were shown are worth. A code that let somebody in to set up the others is none by itself. */
export const assuranceOf = (factors: readonly Factor[]): Assurance => {
  const second = factors.includes("totp") || factors.includes("recovery-code");
  return factors.includes("password") && second ? "two" : "one";
};

/** Whether somebody came in by a one-time code and has set no password yet: there is nothing else that it may do. */
export const isEnrolling = (factors: readonly Factor[]): boolean => !factors.includes("password");

export const hasSteppedUp = ({ steppedUp }: Pick<LiveLogin, "steppedUp">, now: number): boolean =>
  steppedUp !== undefined && steppedUp <= now && now < steppedUp + stepUpMs;

/** What a person has set up. */
export interface SetUpFactors {
  readonly password: boolean;
  readonly totp: boolean;
}

/** Whether somebody may set another password: the one before was just shown with all else that there is, or there is none. */
export const maySetPassword = (login: LiveLogin, has: SetUpFactors, now: number): boolean =>
  !has.password || hasSteppedUp(login, now);

/** Whether somebody may take another authenticator. An invitation alone, which replaces a forgotten password, does not do. */
export const mayChangeTotp = (login: LiveLogin, has: SetUpFactors, now: number): boolean =>
  (!has.password && !has.totp) || hasSteppedUp(login, now);
