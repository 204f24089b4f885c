import type { AuditRow, SignedHead } from "@gatehouse/shared";
import { setImmediate } from "node:timers/promises";

import { noteLine } from "./note-line.ts";

/** What an export is made from. */
export interface ExportSource {
  readonly audit: { after(sequence: number): AuditRow[] };
  readonly heads: {
    readonly key: string;
    sign(): SignedHead | undefined;
    after(sequence: number): SignedHead[];
  };
}

/** The format's number; another form would get another. */
export const exportFormat = 1;

/**
 * The whole log as lines of JSON, in pieces: first what it is and the key that verifies it, then every row, and each head after the row
 * that it names. It ends with the head that is signed for it.
 * @throws GatehouseError `audit-unwritable`
 */
export const exportAudit = (source: ExportSource): AsyncGenerator<Buffer, void> => {
  const last = source.heads.sign()?.sequence ?? Number.MAX_SAFE_INTEGER;
  return pieces(source, last);
};

interface Line {
  readonly sequence: number;
  readonly text: string;
}

async function* pieces({ audit, heads }: ExportSource, last: number): AsyncGenerator<Buffer, void> {
  yield Buffer.from(`${JSON.stringify({ gatehouseAudit: exportFormat, key: heads.key })}\n`);
  let [row, head] = [Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  for (;;) {
    const rows = audit.after(row).filter(({ sequence }) => sequence <= last);
    row = rows.at(-1)?.sequence ?? last;
    const lines: Line[] = rows.map((each) => ({ sequence: each.sequence, text: `${JSON.stringify({ row: each })}\n` }));
    for (let page = upTo(heads, head, row); page.length > 0; page = upTo(heads, head, row)) {
      lines.push(...page.map(({ sequence, note }) => ({ sequence, text: noteLine(note) })));
      head = page.at(-1)?.sequence ?? row;
    }
    // Sorting is stable: a row stands before the head that names it.
    lines.sort((a, b) => a.sequence - b.sequence);
    if (lines.length > 0) yield Buffer.from(lines.map(({ text }) => text).join(""));
    if (rows.length === 0) return;
    await setImmediate();
  }
}

const upTo = (heads: ExportSource["heads"], after: number, row: number): SignedHead[] =>
  heads.after(after).filter(({ sequence }) => sequence <= row);
