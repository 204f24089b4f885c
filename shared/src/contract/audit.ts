import { z } from "zod";

import { Time } from "./ids.ts";

/** Where the audit log stood at a time, signed by the gateway. */
export const SignedHead = z.strictObject({
  /** Of the last row. */
  sequence: z.int(),
  /** Of the last row, hex. */
  hash: z.string(),
  time: Time,
  /** The signed note (C2SP signed-note) that says all this. */
  note: z.string(),
});
export type SignedHead = z.infer<typeof SignedHead>;

export const SignedHeads = z.strictObject({
  /** What verifies them, as one word: name, key id and public key. */
  key: z.string(),
  heads: z.array(SignedHead),
});
export type SignedHeads = z.infer<typeof SignedHeads>;

/** What came of reading the whole audit log and all its heads. */
export const AuditVerdict = z.strictObject({
  rows: z.int(),
  /** Every row follows the one before, and every head lies among them. */
  intact: z.boolean(),
  /** The first sequence at which the log is not what was written. */
  firstBad: z.int().nullable(),
  /** Why a signed head does not lie in the log. */
  contradiction: z.string().nullable(),
  heads: z.int(),
  newestHead: SignedHead.nullable(),
  /** The head that lies off the gateway's data folder, against this log. */
  pushed: z.enum(["nowhere", "unreachable", "behind", "current", "contradicts"]),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;
