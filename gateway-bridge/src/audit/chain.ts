import type { AuditRow } from "@gatehouse/shared";
import { createHmac, hash, timingSafeEqual } from "node:crypto";

import type { AuditEntry } from "../ports.ts";

/** What a row's hash covers, besides the row before. */
export interface RowContent extends AuditEntry {
  /** 1, 2, ... */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Where the chain stands: its last row, or sequence 0 before the first. */
export interface Head {
  readonly sequence: number;
  readonly hash: Buffer;
}

/** What the first row follows. */
export const genesis: Head = { sequence: 0, hash: Buffer.alloc(32) };
/** What a row follows that could not be tied to the rows before it. No hash will ever be that. */
export const unlinked: Buffer = Buffer.alloc(32, 0xff);

/** SHA-256 over the row and the hash of the one before. As JSON, so that no two rows read alike. */
export const hashRow = (previous: Buffer, row: RowContent): Buffer => {
  const { sequence, time, principal, action, target, outcome, detail } = row;
  const fields = [previous.toString("hex"), sequence, time, principal, action, target, outcome, detail];
  return hash("sha256", JSON.stringify(["gatehouse audit 1", ...fields]), "buffer");
};

/** The chain's head after this row, or undefined if the row is not the next one. */
export const headAfter = (last: Head, row: AuditRow): Head | undefined => {
  if (row.sequence !== last.sequence + 1 || row.previous !== last.hash.toString("hex")) return undefined;
  const computed = hashRow(last.hash, row);
  return row.hash === computed.toString("hex") ? { sequence: row.sequence, hash: computed } : undefined;
};

/** Proves that the head was written by a holder of the key. */
export const macOf = (key: Buffer, { sequence, hash: last }: Head): Buffer =>
  createHmac("sha256", key)
    .update(JSON.stringify(["gatehouse audit head 1", sequence, last.toString("hex")]))
    .digest();

export const isMacOf = (key: Buffer, head: Head, mac: Buffer): boolean =>
  mac.length === 32 && timingSafeEqual(mac, macOf(key, head));
