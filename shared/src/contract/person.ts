import { z } from "zod";

import { Grant } from "./grant.ts";
import { Name, PrincipalId, RoleId, Time } from "./ids.ts";

/** What a person types to say who it is: no distinction of case, nor of how accents are written. */
export const LoginName = z
  .string()
  .trim()
  .max(64)
  .normalize("NFC")
  .toLowerCase()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u, "letters, digits, and . _ @ - after the first");

/** As it was typed, blanks at its ends too. Whether it is good enough is judged by the gateway, with `password-weak`. */
export const Password = z.string().min(1).max(1_024);

/** Somebody who signs in with a browser. */
export const Person = z.strictObject({
  id: PrincipalId,
  name: Name,
  loginName: LoginName,
  /** Of its own, without its roles'. */
  grants: z.array(Grant),
  roles: z.array(RoleId),
  /** What it can prove itself with: passkeys of the gateway's names, recovery codes that are left. */
  factors: z.strictObject({ password: z.boolean(), totp: z.boolean(), passkeys: z.int(), recoveryCodes: z.int() }),
  created: Time,
  lastLogin: Time.nullable(),
});
export type Person = z.infer<typeof Person>;

export const NewPerson = z.strictObject({
  name: Name,
  loginName: LoginName,
  grants: z.array(Grant).max(1_000).default([]),
  roles: z.array(RoleId).max(16).default([]),
});
export type NewPerson = z.infer<typeof NewPerson>;

export const ChangePerson = z.strictObject({
  name: Name.optional(),
  grants: z.array(Grant).max(1_000).optional(),
  roles: z.array(RoleId).max(16).optional(),
});
export type ChangePerson = z.infer<typeof ChangePerson>;

/** How a new person gets in: a code for the first sign-in, in whose course it sets its own password. */
export const Invitation = z.strictObject({ person: Person, code: z.string(), expires: Time });
export type Invitation = z.infer<typeof Invitation>;
