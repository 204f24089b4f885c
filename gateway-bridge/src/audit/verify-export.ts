import { GatehouseError } from "@gatehouse/shared";

import { ExportVerifier, type ExportVerdict } from "./export-verifier.ts";
import { readHead } from "./head-note.ts";
import { readNoteLine } from "./note-line.ts";
import type { NoteVerifier } from "./signed-note.ts";
import { textLines } from "./text-lines.ts";

/** No row and no note is longer than a quarter of this. */
const longestLine = 32 << 10;

/** Heads that were kept elsewhere: the hash of the row that each names, by its sequence. */
export interface KeptHeads {
  readonly heads: ReadonlyMap<number, Buffer>;
  /** Lines that hold no head, as a crash may leave one. */
  readonly strange: number;
}

/**
 * Reads a file of heads, as they were pushed, or an export.
 * @throws GatehouseError `audit-contradicted` where another key signed one, or two of them name one row differently
 */
export const readKeptHeads = async (file: AsyncIterable<Uint8Array>, verifier: NoteVerifier): Promise<KeptHeads> => {
  const heads = new Map<number, Buffer>();
  let strange = 0;
  for await (const line of textLines(file, longestLine)) {
    const note = readNoteLine(line);
    if (note === undefined) {
      strange += 1;
      continue;
    }
    const head = readHead(note, verifier);
    if (head === undefined) {
      throw new GatehouseError("audit-contradicted", "a head that was kept elsewhere was not signed by this key");
    }
    if (heads.get(head.sequence)?.equals(head.hash) === false) {
      throw new GatehouseError("audit-contradicted", `two heads name row ${head.sequence} differently`);
    }
    heads.set(head.sequence, head.hash);
  }
  return { heads, strange };
};

/** Reads a whole export. Bounded memory, however long it is. */
export const verifyExport = async (
  file: AsyncIterable<Uint8Array>,
  verifier: NoteVerifier,
  elsewhere?: ReadonlyMap<number, Buffer>,
): Promise<ExportVerdict> => {
  const reading = new ExportVerifier(verifier, elsewhere);
  for await (const line of textLines(file, longestLine)) reading.line(line);
  return reading.end();
};
