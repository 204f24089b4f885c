import { GatehouseError, type AuditRow, type Cancellable, type Clock } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";

import type { AuditEntry, AuditSink, SecretStore } from "../ports.ts";
import { blob } from "../store/column.ts";
import type { Database, Migrations } from "../store/database.ts";
import { genesis, hashRow, headAfter, isMacOf, macOf, type Head } from "./chain.ts";
import { nextLink } from "./link-policy.ts";

const migrations: Migrations = {
  name: "audit",
  steps: [
    // The triggers stop mistakes of ours, not an intruder: against those stand the hashes.
    `CREATE TABLE audit (
       sequence INTEGER PRIMARY KEY,
       time INTEGER NOT NULL,
       principal TEXT NOT NULL,
       action TEXT NOT NULL,
       target TEXT NOT NULL,
       outcome TEXT NOT NULL,
       detail TEXT NOT NULL,
       previous BLOB NOT NULL,
       hash BLOB NOT NULL
     ) STRICT;
     CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit rows never change'); END;
     CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit rows never go'); END;
     CREATE TABLE audit_head (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       sequence INTEGER NOT NULL,
       hash BLOB NOT NULL,
       mac BLOB NOT NULL
     ) STRICT`,
  ],
};

const keyName = "audit/head-key";

export interface AuditLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Keeps the key that authenticates the head. */
  readonly secrets: SecretStore;
}

export interface AuditVerdict {
  readonly rows: number;
  readonly intact: boolean;
  /** The first sequence at which the log is not what was written. */
  readonly firstBad?: number;
}

/**
 * The append-only log. Every row's hash covers the row before, and a head record, authenticated with a key from the vault,
 * says where the log ends.
 *
 * It shows any row changed, put in, taken out or cut off by somebody who can write the database but lacks the vault's key.
 * It cannot show: a whole older copy of the data folder put back, or a log rewritten by somebody who has the vault's key too.
 * Only signed heads that were pushed elsewhere show those.
 */
export class AuditLog implements AuditSink {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #key: Buffer;
  #failing = false;
  #listener: ((sequence: number) => void) | undefined;
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  readonly #page: StatementSync;
  readonly #following: StatementSync;
  readonly #count: StatementSync;
  readonly #hash: StatementSync;
  readonly #selectHead: StatementSync;
  readonly #replaceHead: StatementSync;

  private constructor(database: Database, clock: Clock, key: Buffer) {
    this.#database = database;
    this.#clock = clock;
    this.#key = key;
    const { sql } = database;
    this.#insert = sql.prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#last = sql.prepare("SELECT max(sequence) AS last FROM audit");
    this.#page = sql.prepare("SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?");
    this.#following = sql.prepare("SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT 500");
    this.#count = sql.prepare("SELECT count(*) AS rows, min(sequence) AS first FROM audit");
    this.#hash = sql.prepare("SELECT hash FROM audit WHERE sequence = ?");
    this.#selectHead = sql.prepare("SELECT sequence, hash, mac FROM audit_head");
    this.#replaceHead = sql.prepare("INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?, ?)");
    // Numbers beyond JavaScript's, as only an intruder writes them, must not stop the reading.
    for (const statement of [this.#last, this.#page, this.#following, this.#count, this.#selectHead])
      statement.setReadBigInts(true);
  }

  static open({ database, clock, secrets }: AuditLogOptions): AuditLog {
    database.migrate(migrations);
    return database.transaction(() => {
      const known = secrets.get(keyName);
      const key = known ?? randomBytes(32);
      const log = new AuditLog(database, clock, key);
      if (known === undefined) {
        secrets.put(keyName, key);
        // A log that has rows or a head lost its key: then a new head would say that all is well.
        if (log.#lastSequence() === 0 && log.#storedHead() === undefined) log.#writeHead(genesis);
      }
      return log;
    });
  }

  /** @throws GatehouseError `audit-unwritable` */
  append(entry: AuditEntry): void {
    try {
      const sequence = this.#database.transaction(() => this.#write(entry));
      this.#failing = false;
      this.#listener?.(sequence);
    } catch (cause) {
      this.#failing = true;
      throw new GatehouseError("audit-unwritable", "the audit log cannot be written", { cause });
    }
  }

  /** Whether the last row could not be written. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Where the log ends, as its own head says; undefined where that is not to be trusted. */
  get head(): Head | undefined {
    return this.#trustedHead();
  }

  /** What the table holds as the hash of a row. */
  hashOf(sequence: number): Buffer | undefined {
    const row = this.#hash.get(sequence);
    return row === undefined ? undefined : blob(row["hash"]);
  }

  /** The next rows, at most 500, oldest first. */
  after(sequence: number): AuditRow[] {
    return this.#following.all(sequence).map(toRow);
  }

  /** Tells one listener of each row at the moment it is written; a transaction around it may still be undone. */
  onAppended(listener: (sequence: number) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => (this.#listener = undefined) };
  }

  /** Newest first; at most 1,000 rows, 100 unless told. `before` is a sequence. */
  list({ before = Number.MAX_SAFE_INTEGER, limit = 100 }: { before?: number; limit?: number } = {}): AuditRow[] {
    return this.#page.all(before, Math.min(limit, 1_000)).map(toRow);
  }

  /** Reads the whole log in bounded memory. Blocks: 6 ms for every 1,000 rows. */
  verify(): AuditVerdict {
    const reading = this.#verification();
    for (;;) {
      const step = reading.next();
      if (step.done === true) return step.value;
    }
  }

  /** The same, letting others work every few milliseconds. Rows that are appended meanwhile are verified too. */
  async verifyInSlices({ signal }: Cancellable): Promise<AuditVerdict> {
    const reading = this.#verification();
    for (;;) {
      signal.throwIfAborted();
      const step = reading.next();
      if (step.done === true) return step.value;
      await setImmediate();
    }
  }

  /** Pauses between pages. */
  *#verification(): Generator<undefined, AuditVerdict> {
    let last = genesis;
    const verdict = (linked: boolean): AuditVerdict => {
      const counted = this.#count.get();
      const rows = Number(counted?.["rows"]);
      // Pages start at 1: what lies below was put in.
      if (Number(counted?.["first"] ?? 1) < 1) return { rows, intact: false, firstBad: 1 };
      return linked ? { rows, intact: true } : { rows, intact: false, firstBad: last.sequence + 1 };
    };
    for (;;) {
      const page = this.after(last.sequence);
      if (page.length === 0) break;
      for (const row of page) {
        const next = headAfter(last, row);
        if (next === undefined) return verdict(false);
        last = next;
      }
      yield;
    }
    const head = this.#trustedHead();
    return verdict(head?.sequence === last.sequence && head.hash.equals(last.hash));
  }

  #write(entry: AuditEntry): number {
    const { sequence, previous } = nextLink(this.#trustedHead(), this.#lastSequence());
    const row = { ...clean(entry), sequence, time: this.#clock.now() };
    const hash = hashRow(previous, row);
    const { time, principal, action, target, outcome, detail } = row;
    this.#insert.run(sequence, time, principal, action, target, outcome, detail, previous, hash);
    this.#writeHead({ sequence, hash });
    return sequence;
  }

  #lastSequence(): number {
    return Number(this.#last.get()?.["last"] ?? 0);
  }

  #storedHead(): (Head & { readonly mac: Buffer }) | undefined {
    const row = this.#selectHead.get();
    if (row === undefined) return undefined;
    return { sequence: Number(row["sequence"]), hash: blob(row["hash"]), mac: blob(row["mac"]) };
  }

  /** The head, if this log's key wrote it. */
  #trustedHead(): Head | undefined {
    const stored = this.#storedHead();
    return stored !== undefined && isMacOf(this.#key, stored, stored.mac) ? stored : undefined;
  }

  #writeHead(head: Head): void {
    this.#replaceHead.run(head.sequence, head.hash, macOf(this.#key, head));
  }
}

type Columns = Record<string, unknown>;

const toRow = (columns: Columns): AuditRow => ({
  sequence: Number(columns["sequence"]),
  time: Number(columns["time"]),
  principal: String(columns["principal"]),
  action: String(columns["action"]),
  target: String(columns["target"]),
  outcome: columns["outcome"] as AuditRow["outcome"],
  detail: String(columns["detail"]),
  previous: blob(columns["previous"]).toString("hex"),
  hash: blob(columns["hash"]).toString("hex"),
});

/** Control characters (which could forge lines where the log is printed) become spaces, and no text fills the disk. */
const clean = ({ principal, action, target, outcome, detail }: AuditEntry): AuditEntry => {
  const text = (value: string, longest: number): string => value.slice(0, longest).replace(/\p{C}/gu, " ");
  return {
    principal: text(principal, 64),
    action: text(action, 64),
    target: text(target, 128),
    outcome,
    detail: text(detail, 500),
  };
};
