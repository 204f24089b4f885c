import { z } from "zod";

import { NoticeId, PrincipalId, Time } from "./ids.ts";

/** What a notice is about. */
export const NoticeKind = z.enum([
  "guessing",
  "new-device",
  "password-changed",
  "factor-changed",
  "recovery-code-used",
  "audit-broken",
  "clock-wrong",
  "certificate-ending",
  "certificate-failed",
  "update-available",
  "advisory",
  "restored",
  "remote-device-added",
  "remote-device-revoked",
  "remote-panic",
  "remote-refused",
  "weakness",
  "newcomer",
  "camera-moved",
  "router-mapping",
]);
export type NoticeKind = z.infer<typeof NoticeKind>;

/** Something that happened and that somebody should look at. It stays until it is dismissed, or its cause is gone. */
export const Notice = z.strictObject({
  id: NoticeId,
  kind: NoticeKind,
  /** Whom it concerns alone; null for all who govern the gateway. */
  person: PrincipalId.nullable(),
  /** What happened, in one sentence. */
  text: z.string(),
  /** What to do. */
  remedy: z.string(),
  /** When it happened first and last, and how often. */
  first: Time,
  last: Time,
  count: z.int().positive(),
});
export type Notice = z.infer<typeof Notice>;

/** What the page of a signed-in person hears over the events WebSocket, beside what every client does. */
export const NoticeMessage = z.strictObject({ kind: z.literal("notice"), notice: Notice });
export type NoticeMessage = z.infer<typeof NoticeMessage>;
