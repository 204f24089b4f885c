import { GatehouseError, type CameraId, type Clock } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { Database, Migrations } from "../../store/database.ts";
import { clockTime } from "../clock-time.ts";
import { decideGuess, guessWindowMs, type GuessDecision, type SentGuesses } from "./guess-budget-policy.ts";
import { WrongGuesses } from "./wrong-guesses.ts";

const migrations: Migrations = {
  name: "posture-guesses",
  steps: [
    `CREATE TABLE posture_guesses (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       camera TEXT NOT NULL,
       host TEXT NOT NULL,
       account TEXT NOT NULL,
       kind TEXT NOT NULL CHECK (kind IN ('wrong', 'locked')),
       at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX posture_guesses_by_account ON posture_guesses (account, at)`,
  ],
};

/** Whose password it is. */
export interface GuessedAccount {
  readonly camera: CameraId;
  /** The literal address: a recorder's channels are cameras of one host, which locks them together. */
  readonly host: string;
  readonly username: string;
}

/** Rows are of use for a window; a clock that was wrong for a while is allowed for. */
const keptMs = 4 * guessWindowMs;

/**
 * What was sent to each account of each camera and may have been wrong. It is on disk before it is sent, so that neither another process nor
 * one that was killed in between sends more than the budget. Names are compared without regard to case: some cameras do so.
 */
export class GuessLedger {
  /** Which of this process' guesses were wrong. */
  readonly wrong: WrongGuesses;
  readonly #database: Database;
  readonly #clock: Clock;
  /** When this process wrote a row, by the clock that nobody can set. */
  readonly #written = new Map<number, number>();
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #clamp: StatementSync;
  readonly #prune: StatementSync;

  private constructor(database: Database, clock: Clock) {
    const { sql } = database;
    this.#database = database;
    this.#clock = clock;
    this.wrong = new WrongGuesses(clock);
    this.#select = sql.prepare(
      "SELECT id, kind, at FROM posture_guesses WHERE account = ? AND (camera = ? OR host = ?)",
    );
    this.#insert = sql.prepare("INSERT INTO posture_guesses (camera, host, account, kind, at) VALUES (?, ?, ?, ?, ?)");
    this.#delete = sql.prepare("DELETE FROM posture_guesses WHERE id = ?");
    this.#clamp = sql.prepare("UPDATE posture_guesses SET at = ?1 WHERE at > ?1");
    this.#prune = sql.prepare("DELETE FROM posture_guesses WHERE at < ?");
  }

  static open({ database, clock }: { readonly database: Database; readonly clock: Clock }): GuessLedger {
    database.migrate(migrations);
    return new GuessLedger(database, clock);
  }

  /**
   * Writes down that a password is about to be sent; durable when it returns.
   * @returns what to give back when it was right
   * @throws GatehouseError `probe-refused` (details: account, retryInMs), and then it must not be sent
   */
  take(account: GuessedAccount): number {
    const taken = this.#database.transaction(() => {
      this.#tidy();
      const decision = decideGuess(this.#sent(account));
      return decision.kind === "allowed" ? this.#write(account, "wrong") : decision;
    });
    // Outside: what was tidied up lasts.
    if (typeof taken === "number") return taken;
    throw this.#refusal(account, taken);
  }

  /** Whether so many passwords that may be wrong may be sent now. Nothing is taken for them. */
  judge(account: GuessedAccount, count: number): GuessDecision {
    return decideGuess(this.#sent(account), count);
  }

  /** It was right. */
  giveBack(id: number): void {
    this.#delete.run(id);
    this.#written.delete(id);
  }

  /**
   * A login of the gateway's own was refused, by whatever part of it.
   * @returns what to give back where it was not the password after all
   */
  noteRefusal(account: GuessedAccount): number {
    return this.#write(account, "wrong");
  }

  /** The camera hints that it locks the account: nothing more is sent to it for as long as that may last. */
  close(account: GuessedAccount): void {
    this.#write(account, "locked");
  }

  #refusal({ username }: GuessedAccount, { why, retryInMs }: GuessDecision & { readonly kind: "refused" }) {
    const until = clockTime(this.#clock.now() + retryInMs);
    const message = `no password is tried at the account ${username} before ${until}: ${why}`;
    return new GatehouseError("probe-refused", message, { details: { account: username, retryInMs } });
  }

  #sent({ camera, host, username }: GuessedAccount): SentGuesses {
    const wrong: number[] = [];
    const locked: number[] = [];
    for (const row of this.#select.all(fold(username), camera, host)) {
      (row["kind"] === "locked" ? locked : wrong).push(this.#age(Number(row["id"]), Number(row["at"])));
    }
    return { wrong, locked };
  }

  /** A clock that jumps ahead makes nothing older that this process wrote itself. */
  #age(id: number, at: number): number {
    const written = this.#written.get(id) ?? Number.NEGATIVE_INFINITY;
    return Math.min(this.#clock.now() - at, this.#clock.monotonic() - written);
  }

  #write({ camera, host, username }: GuessedAccount, kind: "wrong" | "locked"): number {
    const { lastInsertRowid } = this.#insert.run(camera, host, fold(username), kind, this.#clock.now());
    const id = Number(lastInsertRowid);
    this.#written.set(id, this.#clock.monotonic());
    return id;
  }

  /** Times of the future are as of now: a clock that was ahead for a while neither frees an account early nor closes it for long. */
  #tidy(): void {
    const { now, monotonic } = { now: this.#clock.now(), monotonic: this.#clock.monotonic() };
    this.#clamp.run(now);
    this.#prune.run(now - keptMs);
    for (const [id, at] of this.#written) if (monotonic - at > guessWindowMs) this.#written.delete(id);
  }
}

const fold = (username: string): string => username.normalize("NFKC").trim().toLowerCase();
