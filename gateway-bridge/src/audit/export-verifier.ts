import { AuditRow } from "@gatehouse/shared";

import { genesis, headAfter, type Head } from "./chain.ts";
import { exportFormat } from "./export-audit.ts";
import { readHead, type DatedHead } from "./head-note.ts";
import { readNoteLine } from "./note-line.ts";
import { formatVerifier, type NoteVerifier } from "./signed-note.ts";

/** What came of reading an export. */
export interface ExportVerdict {
  readonly rows: number;
  readonly heads: number;
  readonly intact: boolean;
  /** The first sequence that is not what was written, where that can be said. */
  readonly firstBad: number | null;
  readonly why: string | null;
  /** Up to which row a signature vouches, and since when. */
  readonly signed: { readonly sequence: number; readonly time: number } | null;
}

interface Flaw {
  readonly firstBad: number | null;
  readonly why: string;
}

/**
 * Judges an export line by line, with nothing but the public key, in memory that does not grow with it. What it cannot see: rows that
 * are missing at the end together with the heads that name them. Heads that were kept elsewhere show those too.
 */
export class ExportVerifier {
  readonly #verifier: NoteVerifier;
  /** Heads from elsewhere that no row was held against yet. */
  readonly #elsewhere: Map<number, Buffer>;
  #begun = false;
  #last: Head = genesis;
  #signed: DatedHead | undefined;
  #heads = 0;
  #flaw: Flaw | undefined;

  /** @param elsewhere hash of the row that each head names, by its sequence */
  constructor(verifier: NoteVerifier, elsewhere: ReadonlyMap<number, Buffer> = new Map()) {
    this.#verifier = verifier;
    this.#elsewhere = new Map(elsewhere);
  }

  /** Takes the next line, without its end. After the first flaw there is nothing more to find. */
  line(line: string): void {
    this.#flaw ??= this.#begun ? this.#body(line) : this.#first(line);
    this.#begun = true;
  }

  end(): ExportVerdict {
    const flaw = this.#flaw ?? this.#missing();
    const { sequence, time } = this.#signed ?? {};
    return {
      rows: this.#last.sequence,
      heads: this.#heads,
      intact: flaw === undefined,
      firstBad: flaw?.firstBad ?? null,
      why: flaw?.why ?? null,
      signed: sequence === undefined || time === undefined ? null : { sequence, time },
    };
  }

  #first(line: string): Flaw | undefined {
    const { gatehouseAudit, key } = Object(parse(line)) as {
      readonly gatehouseAudit?: unknown;
      readonly key?: unknown;
    };
    if (gatehouseAudit !== exportFormat) return { firstBad: null, why: "this is no export of an audit log" };
    return key === formatVerifier(this.#verifier)
      ? undefined
      : { firstBad: null, why: "the export names another key than the one given" };
  }

  #body(line: string): Flaw | undefined {
    const next = this.#last.sequence + 1;
    const note = readNoteLine(line);
    if (note !== undefined) return this.#head(note);
    const row = AuditRow.safeParse((Object(parse(line)) as { readonly row?: unknown }).row);
    const head = row.success ? headAfter(this.#last, row.data) : undefined;
    if (head === undefined) return { firstBad: next, why: `row ${next} is not what was written` };
    this.#last = head;
    return this.#heldElsewhere(head);
  }

  #head(note: string): Flaw | undefined {
    const head = readHead(note, this.#verifier);
    const { sequence, hash } = this.#last;
    if (head === undefined) return { firstBad: null, why: `the head after row ${sequence} was not signed by this key` };
    if (head.sequence !== sequence || !head.hash.equals(hash)) {
      return { firstBad: sequence, why: `row ${sequence} is not the one that the head after it names` };
    }
    this.#signed = head;
    this.#heads += 1;
    return undefined;
  }

  #heldElsewhere({ sequence, hash }: Head): Flaw | undefined {
    const named = this.#elsewhere.get(sequence);
    this.#elsewhere.delete(sequence);
    if (named === undefined || named.equals(hash)) return undefined;
    return { firstBad: sequence, why: `row ${sequence} is another than a head that was kept elsewhere names` };
  }

  #missing(): Flaw | undefined {
    const { sequence } = this.#last;
    if (!this.#begun) return { firstBad: null, why: "this is no export of an audit log" };
    const [named] = this.#elsewhere.keys();
    if (named !== undefined) {
      return { firstBad: sequence + 1, why: `row ${named}, which a head that was kept elsewhere names, is missing` };
    }
    const vouched = this.#signed?.sequence ?? 0;
    if (vouched === sequence) return undefined;
    return { firstBad: vouched + 1, why: `no head vouches for the rows after ${vouched}` };
  }
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};
