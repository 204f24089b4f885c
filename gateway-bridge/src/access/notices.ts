import {
  EventBus,
  Notice,
  NoticeId,
  randomId,
  type Clock,
  type Logger,
  type NoticeKind,
  type PrincipalId,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { NewNotice, NoticeBoard } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { noticeRemedies } from "./notice-text.ts";

const migrations: Migrations = {
  name: "notices",
  steps: [
    // `person` is empty for all who govern: NULLs would not be kept apart by the index.
    `CREATE TABLE notices (
       id TEXT PRIMARY KEY,
       person TEXT NOT NULL,
       kind TEXT NOT NULL,
       subject TEXT NOT NULL,
       text TEXT NOT NULL,
       count INTEGER NOT NULL,
       first INTEGER NOT NULL,
       last INTEGER NOT NULL,
       UNIQUE (person, kind, subject)
     ) STRICT`,
  ],
};

/** What happens again within this time is counted, and written with the rest of it. */
export const quietMs: number = 60_000;
/** For each person, and for those who govern; the oldest goes. */
const mostNotices = 50;

export interface NoticesOptions {
  readonly database: Database;
  readonly principals: { onRevoked(listener: (id: PrincipalId) => void): Disposable };
  readonly clock: Clock;
  readonly log: Logger;
}

/** What happened again since it was written. */
interface Repeats {
  count: number;
  newest: NewNotice;
  window: Disposable;
}

/** Who reads notices. */
export interface NoticeReader {
  readonly person: PrincipalId;
  /** Whether it may administer the gateway at this moment. */
  readonly governs: boolean;
}

/**
 * What people should know of: each until they dismiss it, or its cause is gone. The same thing again is counted, not listed twice; a flood
 * of it costs one write a minute.
 */
export class Notices implements NoticeBoard, Disposable {
  readonly #options: NoticesOptions;
  readonly #raised: EventBus<Notice>;
  readonly #repeats = new Map<string, Repeats>();
  readonly #revocations: Disposable;
  readonly #upsert: StatementSync;
  readonly #trim: StatementSync;
  readonly #all: StatementSync;
  readonly #delete: StatementSync;
  readonly #withdraw: StatementSync;
  readonly #forget: StatementSync;

  private constructor(options: NoticesOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#raised = new EventBus(options.log);
    this.#upsert = sql.prepare(
      `INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?7, ?7)
       ON CONFLICT (person, kind, subject) DO UPDATE SET text = excluded.text, count = count + excluded.count, last = excluded.last
       RETURNING *`,
    );
    this.#trim = sql.prepare(
      `DELETE FROM notices WHERE person = ?1 AND id NOT IN
         (SELECT id FROM notices WHERE person = ?1 ORDER BY last DESC, id LIMIT ${mostNotices})`,
    );
    this.#all = sql.prepare("SELECT * FROM notices ORDER BY last DESC, id");
    this.#delete = sql.prepare("DELETE FROM notices WHERE id = ?");
    this.#withdraw = sql.prepare("DELETE FROM notices WHERE kind = ? AND subject = ?");
    this.#forget = sql.prepare("DELETE FROM notices WHERE person = ?");
    this.#revocations = options.principals.onRevoked((id) => void this.#forget.run(id));
  }

  static open(options: NoticesOptions): Notices {
    options.database.migrate(migrations);
    return new Notices(options);
  }

  /** Never throws: what is told about matters more than that it is told. */
  raise(notice: NewNotice): void {
    const key = JSON.stringify([notice.person, notice.kind, notice.subject]);
    const repeats = this.#repeats.get(key);
    if (repeats !== undefined) {
      repeats.count += 1;
      repeats.newest = notice;
      return;
    }
    this.#write(notice, 1);
    this.#repeats.set(key, { count: 0, newest: notice, window: this.#openWindow(key) });
  }

  withdraw(kind: NoticeKind, subject = ""): void {
    for (const [key, { newest, window }] of this.#repeats) {
      if (newest.kind !== kind || (newest.subject ?? "") !== subject) continue;
      window[Symbol.dispose]();
      this.#repeats.delete(key);
    }
    try {
      this.#withdraw.run(kind, subject);
    } catch (error) {
      this.#options.log.error("a notice could not be taken back", { notice: kind, error: String(error) });
    }
  }

  /** Everybody's, newest first. */
  list(): Notice[] {
    return this.#all.all().map(toNotice);
  }

  /** Those that somebody may read, newest first. */
  of({ person, governs }: NoticeReader): Notice[] {
    return this.list().filter((notice) => concerns(notice, { person, governs }));
  }

  /** @returns false where there is no such notice, or not for this reader */
  dismiss(id: NoticeId, reader?: NoticeReader): boolean {
    const readable = reader === undefined ? this.list() : this.of(reader);
    return readable.some((notice) => notice.id === id) && Number(this.#delete.run(id).changes) === 1;
  }

  /** Tells of each as it is written. */
  onRaised(listener: (notice: Notice) => void): Disposable {
    return this.#raised.on(listener);
  }

  /** Writes what was only counted. */
  [Symbol.dispose](): void {
    this.#revocations[Symbol.dispose]();
    for (const { count, newest, window } of this.#repeats.values()) {
      window[Symbol.dispose]();
      if (count > 0) this.#write(newest, count);
    }
    this.#repeats.clear();
  }

  #openWindow(key: string): Disposable {
    return this.#options.clock.schedule(quietMs, () => {
      const repeats = this.#repeats.get(key);
      if (repeats === undefined || repeats.count === 0) {
        this.#repeats.delete(key);
        return;
      }
      this.#write(repeats.newest, repeats.count);
      repeats.count = 0;
      repeats.window = this.#openWindow(key);
    });
  }

  #write({ kind, person, subject = "", text }: NewNotice, count: number): void {
    const { clock, log, database } = this.#options;
    log.warn(`notice: ${text}`, { notice: kind, count });
    try {
      const id = NoticeId.parse(randomId("note"));
      const notice = database.transaction(() => {
        const row = this.#upsert.get(id, person ?? "", kind, subject, text, count, clock.now());
        this.#trim.run(person ?? "");
        return toNotice(row ?? {});
      });
      this.#raised.emit(notice);
    } catch (error) {
      log.error("a notice could not be kept", { notice: kind, error: String(error) });
    }
  }
}

/** Whether a notice is for this reader. */
export const concerns = (notice: Pick<Notice, "person">, { person, governs }: NoticeReader): boolean =>
  notice.person === null ? governs : notice.person === person;

const toNotice = ({ person, subject: _, ...row }: Record<string, unknown>): Notice =>
  Notice.parse({
    ...row,
    person: person === "" ? null : person,
    remedy: noticeRemedies[row["kind"] as NoticeKind],
  });
