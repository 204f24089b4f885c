import {
  GatehouseError,
  type Cancellable,
  type Clock,
  type GatewayId,
  type Logger,
  type SignedHead,
} from "@gatehouse/shared";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";

import type { NoticeBoard, SecretStore } from "../ports.ts";
import { blob } from "../store/column.ts";
import type { Database, Migrations } from "../store/database.ts";
import type { AuditLog } from "./audit-log.ts";
import { originOf, readHead, signHead } from "./head-note.ts";
import { formatVerifier, type NoteVerifier } from "./signed-note.ts";

const migrations: Migrations = {
  name: "audit-heads",
  steps: [
    `CREATE TABLE audit_heads (
       sequence INTEGER PRIMARY KEY,
       hash BLOB NOT NULL,
       time INTEGER NOT NULL,
       note TEXT NOT NULL,
       pushed INTEGER
     ) STRICT;
     CREATE TRIGGER audit_heads_no_update BEFORE UPDATE OF sequence, hash, time, note ON audit_heads
       BEGIN SELECT raise(ABORT, 'signed heads never change'); END;
     CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads
       BEGIN SELECT raise(ABORT, 'signed heads never go'); END`,
  ],
};

const keyName = "audit/note-key";
/** A head is signed after so many rows, and so long after the first row that none covers. */
export const rowsPerHead = 1_000;
export const headEveryMs: number = 10 * 60_000;

export interface SignedHeadsOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Keeps the key that signs. */
  readonly secrets: SecretStore;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly gateway: GatewayId;
  /** Where people are told of a log that contradicts itself; the log tells in any case. */
  readonly notices?: NoticeBoard;
}

/** A head that does not fit the log: which, and why. */
export interface HeadContradiction {
  readonly sequence: number;
  readonly why: string;
}

export type HeadLocation = { readonly sequence: number } | { readonly contradiction: string };

/**
 * The log's heads, each signed with a key that anybody can verify by its public half. They are worth most where the gateway's box
 * cannot reach them: somebody with this box's vault can sign others, but not take back those that are elsewhere.
 */
export class SignedHeads implements Disposable {
  readonly #options: SignedHeadsOptions;
  readonly #key: KeyObject;
  readonly #verifier: NoteVerifier;
  readonly #select: Readonly<Record<"newest" | "following" | "page" | "count", StatementSync>>;
  readonly #listeners = new Set<() => void>();
  readonly #rows: Disposable;
  /** Heads up to here were found in the log since the gateway began. */
  #judged = Number.MIN_SAFE_INTEGER;
  #timer: { readonly due: Disposable; readonly soon: boolean } | undefined;

  private constructor(options: SignedHeadsOptions, key: KeyObject) {
    this.#options = options;
    this.#key = key;
    this.#verifier = { name: originOf(options.gateway), publicKey: createPublicKey(key) };
    const { sql } = options.database;
    this.#select = {
      newest: sql.prepare("SELECT * FROM audit_heads ORDER BY sequence DESC LIMIT 1"),
      following: sql.prepare("SELECT * FROM audit_heads WHERE sequence > ? ORDER BY sequence LIMIT 200"),
      page: sql.prepare("SELECT * FROM audit_heads WHERE sequence < ? ORDER BY sequence DESC LIMIT ?"),
      count: sql.prepare("SELECT count(*) AS heads FROM audit_heads"),
    };
    // Numbers beyond JavaScript's, as only an intruder writes them, must not stop the reading.
    for (const statement of Object.values(this.#select)) statement.setReadBigInts(true);
    this.#rows = options.audit.onAppended((sequence) => this.#await(sequence));
  }

  /** Opens the heads, and says at once where the newest does not lie in the log. */
  static open(options: SignedHeadsOptions): SignedHeads {
    const { database, secrets } = options;
    database.migrate(migrations);
    const known = secrets.get(keyName);
    const der = known ?? generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" });
    if (known === undefined) secrets.put(keyName, der);
    const heads = new SignedHeads(options, createPrivateKey({ key: der, type: "pkcs8", format: "der" }));
    der.fill(0);
    const found = heads.#judge(heads.#select.newest.get());
    if (found !== undefined) reportContradiction(options, found.why);
    return heads;
  }

  /** What verifies these heads, as one word. */
  get key(): string {
    return formatVerifier(this.#verifier);
  }

  get verifier(): NoteVerifier {
    return this.#verifier;
  }

  get newest(): SignedHead | undefined {
    const row = this.#select.newest.get();
    return row === undefined ? undefined : toHead(row);
  }

  get count(): number {
    return Number(this.#select.count.get()?.["heads"]);
  }

  /**
   * Signs where the log ends, unless that was signed before or cannot be trusted. Gives the newest head.
   * @throws GatehouseError `audit-unwritable`
   */
  sign(): SignedHead | undefined {
    this.#timer?.due[Symbol.dispose]();
    this.#timer = undefined;
    const { audit, clock, database } = this.#options;
    const [end, newest] = [audit.head, this.newest];
    if (end === undefined || end.sequence === 0 || end.sequence <= (newest?.sequence ?? 0)) return newest;
    const time = clock.now();
    const note = signHead({ ...end, time }, { name: this.#verifier.name, privateKey: this.#key });
    try {
      database.sql.prepare("INSERT INTO audit_heads VALUES (?, ?, ?, ?, NULL)").run(end.sequence, end.hash, time, note);
    } catch (cause) {
      throw new GatehouseError("audit-unwritable", "the audit log's head cannot be written", { cause });
    }
    for (const listener of this.#listeners) listener();
    return { sequence: end.sequence, hash: end.hash.toString("hex"), time, note };
  }

  /** Newest first; at most 1,000, 100 unless told. `before` is a sequence. */
  list({ before = Number.MAX_SAFE_INTEGER, limit = 100 }: { before?: number; limit?: number } = {}): SignedHead[] {
    return this.#select.page.all(before, Math.min(limit, 1_000)).map(toHead);
  }

  /** The next heads, at most 200, oldest first. */
  after(sequence: number): SignedHead[] {
    return this.#select.following.all(sequence).map(toHead);
  }

  /** The same of the heads that were not looked at before: what is asked often must not cost more with every head. */
  async findNewContradiction(cancel: Cancellable): Promise<HeadContradiction | undefined> {
    return this.#judgeAfter(this.#judged, cancel);
  }

  /** The first head that does not lie in the log. Lets others work every few milliseconds. */
  async findContradiction(cancel: Cancellable): Promise<HeadContradiction | undefined> {
    return this.#judgeAfter(Number.MIN_SAFE_INTEGER, cancel);
  }

  async #judgeAfter(sequence: number, { signal }: Cancellable): Promise<HeadContradiction | undefined> {
    for (let last = sequence; ;) {
      signal.throwIfAborted();
      const page = this.#select.following.all(last);
      if (page.length === 0) return undefined;
      for (const row of page) {
        const found = this.#judge(row);
        if (found !== undefined) return found;
        last = Number(row["sequence"]);
        this.#judged = Math.max(this.#judged, last);
        // A signature takes a fifth of a millisecond on a small board.
        if (last % 16 === 0) await setImmediate();
      }
      await setImmediate();
    }
  }

  /** Where a head from elsewhere lies in this log, or why it does not. */
  locate(note: string): HeadLocation {
    const head = readHead(note, this.#verifier);
    if (head === undefined) return { contradiction: "a head was not signed by this gateway's key" };
    const { sequence, hash } = head;
    const own = this.#options.audit.hashOf(sequence);
    const named = `which a head of ${new Date(head.time).toISOString()} names`;
    if (own === undefined) return { contradiction: `row ${sequence}, ${named}, is missing` };
    return own.equals(hash) ? { sequence } : { contradiction: `row ${sequence}, ${named}, is another` };
  }

  /** Remembers that this head was pushed off the box. */
  markPushed(sequence: number): void {
    const { database, clock } = this.#options;
    database.sql.prepare("UPDATE audit_heads SET pushed = ? WHERE sequence = ?").run(clock.now(), sequence);
  }

  onSigned(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Signs where the log ends. */
  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
    this.#signSoon();
    this.#timer?.due[Symbol.dispose]();
  }

  /** A head's own columns, its signature and the log must say the same. */
  #judge(row: Record<string, unknown> | undefined): HeadContradiction | undefined {
    if (row === undefined) return undefined;
    const { sequence, hash, time, note } = toHead(row);
    const head = readHead(note, this.#verifier);
    const same = head?.sequence === sequence && head.hash.toString("hex") === hash && head.time === time;
    if (head !== undefined && !same) return { sequence, why: `the signed head ${sequence} was changed` };
    const location = this.locate(note);
    return "contradiction" in location ? { sequence, why: location.contradiction } : undefined;
  }

  /** Never in the transaction in which the row is written: that may yet be undone. */
  #await(sequence: number): void {
    const soon = sequence % rowsPerHead === 0;
    if (this.#timer !== undefined && (this.#timer.soon || !soon)) return;
    this.#timer?.due[Symbol.dispose]();
    const due = this.#options.clock.schedule(soon ? 0 : headEveryMs, () => this.#signSoon());
    this.#timer = { due, soon };
  }

  /** Where it cannot be written now, the next row asks again. */
  #signSoon(): void {
    try {
      this.sign();
    } catch (error) {
      this.#options.log.error("the audit log's head could not be signed", { error: String(error) });
    }
  }
}

/** Says it in every place that can still be written to. */
export const reportContradiction = (
  { audit, log, notices }: Pick<SignedHeadsOptions, "audit" | "log" | "notices">,
  why: string,
): void => {
  log.error("the audit log is not the one whose heads were signed", { code: "audit-contradicted", why });
  notices?.raise({ kind: "audit-broken", text: `The audit log is not the one whose heads were signed: ${why}.` });
  try {
    audit.append({ principal: "-", action: "auditContradicted", target: "-", outcome: "failed", detail: why });
  } catch (error) {
    log.error("that could not be audited", { error: String(error) });
  }
};

const toHead = (row: Record<string, unknown>): SignedHead => ({
  sequence: Number(row["sequence"]),
  hash: blob(row["hash"]).toString("hex"),
  time: Number(row["time"]),
  note: String(row["note"]),
});
