import { z } from "zod";

const id = <Brand extends string>(prefix: string, brand: Brand) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}-[a-z2-7]{16}$`), `an id such as ${prefix}-abcdefghijklmnop`)
    .meta({ examples: [`${prefix}-abcdefghijklmnop`] })
    .brand(brand);

export const CameraId = id("cam", "CameraId");
export type CameraId = z.infer<typeof CameraId>;
export const PrincipalId = id("who", "PrincipalId");
export type PrincipalId = z.infer<typeof PrincipalId>;
export const SessionId = id("ses", "SessionId");
export type SessionId = z.infer<typeof SessionId>;
export const LoginId = id("login", "LoginId");
export type LoginId = z.infer<typeof LoginId>;
export const PasskeyId = id("passkey", "PasskeyId");
export type PasskeyId = z.infer<typeof PasskeyId>;
export const RoleId = id("role", "RoleId");
export type RoleId = z.infer<typeof RoleId>;
export const GuestLinkId = id("link", "GuestLinkId");
export type GuestLinkId = z.infer<typeof GuestLinkId>;
export const NoticeId = id("note", "NoticeId");
export type NoticeId = z.infer<typeof NoticeId>;
export const InspectionId = id("look", "InspectionId");
export type InspectionId = z.infer<typeof InspectionId>;
export const RemedyRunId = id("mend", "RemedyRunId");
export type RemedyRunId = z.infer<typeof RemedyRunId>;
export const NewcomerId = id("new", "NewcomerId");
export type NewcomerId = z.infer<typeof NewcomerId>;
export const GatewayId = id("gw", "GatewayId");
export type GatewayId = z.infer<typeof GatewayId>;

/** Milliseconds since the epoch. */
export const Time = z.int().nonnegative();

/** A name that people give: shown as it is, so no control characters. */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]+$/u, "letters, digits, spaces and signs, no control characters");

/** SHA-256 of a public key in its SPKI form, base64url: what is pinned. */
export const SpkiPin = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "43 characters of base64url");
