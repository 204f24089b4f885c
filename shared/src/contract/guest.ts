import { z } from "zod";

import { GuestAction, Schedule } from "./grant.ts";
import { CameraId, GuestLinkId, Name, PrincipalId, Time } from "./ids.ts";
import { Login, OneTimeCode } from "./login.ts";

/** Lets one guest in, at home, without a password. */
export const NewGuestLink = z.strictObject({
  /** Whom it is for. */
  name: Name,
  cameras: z.array(CameraId).min(1).max(64),
  actions: z.array(GuestAction).min(1),
  /** At most 30 days from now. */
  until: Time,
  /** When, up to then; always unless told. */
  schedule: Schedule.optional(),
});
export type NewGuestLink = z.infer<typeof NewGuestLink>;

/** A guest link that was made. Its secret is told once, and kept nowhere. */
export const GuestLink = z.strictObject({
  id: GuestLinkId,
  /** Who comes in by it. */
  guest: PrincipalId,
  ...NewGuestLink.shape,
  madeBy: PrincipalId,
  made: Time,
  /** When it was opened, which it can be once. */
  used: Time.nullable(),
  revoked: Time.nullable(),
});
export type GuestLink = z.infer<typeof GuestLink>;

/** `url`: `https://host:port/#guest=<secret>`. What stands behind the `#` is never sent to a server, nor written into its logs. */
export const MadeGuestLink = z.strictObject({ link: GuestLink, url: z.string() });
export type MadeGuestLink = z.infer<typeof MadeGuestLink>;

/** What stands behind `#guest=` in the link. */
export const OpenGuestLink = z.strictObject({ secret: OneTimeCode });
export type OpenGuestLink = z.infer<typeof OpenGuestLink>;

/** A guest who is signed in. What it may see, it is told as everybody is: by the list of cameras. */
export const GuestMe = z.strictObject({
  guest: z.strictObject({ id: PrincipalId, name: Name, until: Time }),
  login: Login,
});
export type GuestMe = z.infer<typeof GuestMe>;
