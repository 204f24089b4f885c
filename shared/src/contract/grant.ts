import { z } from "zod";

import { CameraId, Time } from "./ids.ts";

/** What a principal can be allowed to do. */
export const Action = z.enum([
  "live",
  "snapshot",
  "clip",
  "events",
  "ptz",
  "talk",
  "control",
  "metrics",
  "admin",
  "remote",
  "remedy",
]);
export type Action = z.infer<typeof Action>;

/** `home`: this box, its own subnets, private and link-local addresses. `away`: everywhere else. */
export const Place = z.enum(["home", "away"]);
export type Place = z.infer<typeof Place>;

/** How many factors somebody has shown. */
export const Assurance = z.enum(["one", "two"]);
export type Assurance = z.infer<typeof Assurance>;

export const Day = z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
export type Day = z.infer<typeof Day>;

/** `HH:MM`, 24 hours. */
const Minute = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 07:30");

/**
 * Weekly windows by the clock on the wall of a time zone. One whose `to` is not after its `from` ends on the next day, and belongs
 * to the day on which it begins: 00:00 to 00:00 is the whole day.
 */
export const Schedule = z.strictObject({
  /** IANA name, `Europe/Berlin`. */
  zone: z.string().min(1).max(64),
  windows: z
    .array(z.strictObject({ days: z.array(Day).min(1).max(7), from: Minute, to: Minute }))
    .min(1)
    .max(28),
});
export type Schedule = z.infer<typeof Schedule>;

/** One permission: this action, on this camera or on all. What no grant names is refused. */
export const Grant = z.strictObject({
  action: Action,
  camera: z.union([CameraId, z.literal("*")]),
  /** When; always unless told. */
  schedule: Schedule.optional(),
  /** Where from; from home alone unless told. */
  places: z.array(Place).min(1).max(2).optional(),
  /** Up to this moment; for good unless told. */
  until: Time.optional(),
});
export type Grant = z.infer<typeof Grant>;

/**
 * Who is on the other side. None but the `owner` (the command line on the gateway's box) and people can ever hold `admin`, `remote` or
 * `remedy`. A `person` signs in with a browser; a `guest` came by a link, and holds what the link says; an `application` (a player, a recorder, Prometheus) logs in with a password that the
 * gateway drew for it; all others prove a key.
 */
export const PrincipalKind = z.enum(["owner", "person", "guest", "homebridge", "node-red", "application"]);
export type PrincipalKind = z.infer<typeof PrincipalKind>;

/** Who is let in by a pairing string. */
export const PairedKind = PrincipalKind.extract(["homebridge", "node-red"]);
export type PairedKind = z.infer<typeof PairedKind>;

/** Actions that no service principal can hold, whoever grants them. */
export const ownerOnlyActions: readonly Action[] = ["admin", "remote", "remedy"];

/** All that a guest can hold. */
export const GuestAction = Action.extract(["live", "snapshot", "events", "talk"]);
export type GuestAction = z.infer<typeof GuestAction>;
