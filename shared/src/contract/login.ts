import { z } from "zod";

import { LoginId, Name, PrincipalId, Time } from "./ids.ts";
import { Notice } from "./notice.ts";
import { LoginName, Password, Person } from "./person.ts";

/**
 * Something that a person showed. `code`: the one-time code of a first run or an invitation, which allows to set the others up. `link`:
 * a guest's, who has nothing else. A `passkey` is two by itself.
 */
export const Factor = z.enum(["code", "link", "password", "totp", "recovery-code", "passkey"]);
export type Factor = z.infer<typeof Factor>;

/** One sign-in of a person in one browser. */
export const Login = z.strictObject({
  id: LoginId,
  person: PrincipalId,
  /** What the browser calls itself. */
  device: Name,
  factors: z.array(Factor),
  created: Time,
  used: Time,
  /** When it ends at the latest, unless it is used before. */
  ends: Time,
  /** When all factors that the person has were last shown. */
  steppedUp: Time.nullable(),
  /** Whether it is the one that asks. */
  current: z.boolean(),
});
export type Login = z.infer<typeof Login>;

/** The six digits that an authenticator shows. */
export const TotpCode = z.string().regex(/^\d{6}$/, "six digits");
/** A one-time code, grouped by blanks or dashes as people type it. */
export const OneTimeCode = z.string().max(64);

/**
 * Whether to stay signed in when the browser is closed: for a day after the last use, for 30 days at most. Nobody does who may change
 * the gateway's settings, nor by an address, whose next holder is another.
 */
export const Stay = z.boolean().optional();

/** Both factors at once, so that nobody learns which of them was wrong. `code`: six digits, or one of the recovery codes. */
export const PasswordSignIn = z.strictObject({
  loginName: LoginName,
  password: Password,
  code: OneTimeCode.optional(),
  stay: Stay,
});
export type PasswordSignIn = z.infer<typeof PasswordSignIn>;
export const StepUp = PasswordSignIn.omit({ loginName: true, stay: true });
export type StepUp = z.infer<typeof StepUp>;

/** Who is signed in. */
export const Me = z.strictObject({
  person: Person,
  login: Login,
  /** May change the gateway's settings, once it has shown two factors. */
  admin: z.boolean(),
  /** What it should still set up. */
  needs: z.array(z.enum(["password", "second-factor", "recovery-codes"])),
  /** What it should know of. */
  notices: z.array(Notice),
});
export type Me = z.infer<typeof Me>;

/** What an authenticator is given: once as a URI (for a QR code), once to be typed. */
export const TotpSecret = z.strictObject({ uri: z.string(), secret: z.string() });
export type TotpSecret = z.infer<typeof TotpSecret>;
/** Shown once. */
export const RecoveryCodes = z.strictObject({ codes: z.array(z.string()) });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;

/** Of a login, and of the browser it was made with. `__Host-`: browsers take them over HTTPS only, from this very host, and give them to no other. RFC 6265bis 4.1.3.2 */
export const cookieNames = { login: "__Host-gatehouse", device: "__Host-gatehouse-device" } as const;
