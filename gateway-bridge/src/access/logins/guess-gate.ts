import { GatehouseError, type Cancellable, type Clock, type PrincipalId } from "@gatehouse/shared";
import { createHmac, randomBytes } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import { addressBlock } from "../../domain/address-block.ts";
import type { GuessCount, GuessOutcome } from "../../domain/guess-count.ts";
import {
  accountGuesses,
  addressGuesses,
  giveBack,
  refill,
  spendGuess,
  type GuessAllowance,
} from "../../domain/guess-policy.ts";
import type { SecretStore } from "../../ports.ts";
import type { Database, Migrations } from "../../store/database.ts";
import type { Places } from "./places.ts";

const migrations: Migrations = {
  name: "guess-allowances",
  steps: [
    `CREATE TABLE guess_allowances (
       key TEXT PRIMARY KEY,
       "left" INTEGER NOT NULL,
       at INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],
};

/** Names of nobody, and addresses, share so many allowances: there is nothing to fill, and nothing to learn from it. */
const slots = 4_096;

const slotKeyName = "guesses/slot-key";

export interface GuessGateOptions {
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly places: Places;
  readonly clock: Clock;
  /** Where guesses are counted. */
  readonly guessed?: GuessCount;
}

/** Somebody says who it is. */
export interface Guess {
  /** Whose name was given, if it is anybody's. */
  readonly account: PrincipalId | undefined;
  readonly loginName: string;
  /** What the guesses of this browser are counted under, if the person has signed in with it before. */
  readonly device: string | undefined;
  readonly peer: string;
}

/**
 * Judges guesses before they are looked at. Strangers share what an account allows; each browser that signed in before has an
 * allowance of its own. Whoever exhausts theirs is refused at once, and learns nothing, not even from a right guess.
 */
export class GuessGate {
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #guessed: GuessCount | undefined;
  readonly #addresses = new Map<number, GuessAllowance>();
  /** Nobody else knows which names and addresses share a slot. */
  readonly #slotKey: Buffer;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  constructor({ database, secrets, places, clock, guessed }: GuessGateOptions) {
    database.migrate(migrations);
    const { sql } = database;
    this.#clock = clock;
    this.#places = places;
    this.#guessed = guessed;
    this.#select = sql.prepare(`SELECT "left", at FROM guess_allowances WHERE key = ?`);
    this.#upsert = sql.prepare(
      `INSERT INTO guess_allowances VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET "left" = excluded."left", at = excluded.at`,
    );
    this.#delete = sql.prepare("DELETE FROM guess_allowances WHERE key = ?");
    this.#slotKey = secrets.get(slotKeyName) ?? randomBytes(32);
    secrets.put(slotKeyName, this.#slotKey);
  }

  /**
   * Has the guess evaluated, if one is left; `evaluate` answers undefined for a wrong one.
   * @throws GatehouseError `too-many-guesses`, or the signal's reason
   */
  async admit<T>(guess: Guess, evaluate: () => Promise<T | undefined>, cancel: Cancellable): Promise<T | undefined> {
    let outcome: GuessOutcome = "refused";
    try {
      this.#judge(guess);
      const who = guess.device === undefined ? "strangers" : "known";
      return await this.#places.run(
        who,
        async () => {
          // Judged once more, and spent, now that its turn has come: others may have guessed meanwhile.
          this.#judge(guess);
          this.#spend(guess);
          outcome = "evaluated";
          const answer = await evaluate();
          if (answer !== undefined) this.#giveBack(guess);
          return answer;
        },
        cancel,
      );
    } finally {
      this.#guessed?.add(outcome);
    }
  }

  #judge(guess: Guess): void {
    const now = this.#clock.now();
    const verdicts = [spendGuess(this.#ofAccount(guess), accountGuesses, now)];
    if (guess.device === undefined)
      verdicts.push(spendGuess(this.#addresses.get(this.#slot(guess)), addressGuesses, now));
    const waits = verdicts.flatMap((verdict) => (verdict.kind === "refused" ? [verdict.retryInMs] : []));
    if (waits.length === 0) return;
    const details = { retryInMs: Math.max(...waits) };
    throw new GatehouseError("too-many-guesses", "this was tried too often; it was not looked at", { details });
  }

  #spend(guess: Guess): void {
    const now = this.#clock.now();
    this.#keep(guess, spendGuess(this.#ofAccount(guess), accountGuesses, now).allowance);
    if (guess.device !== undefined) return;
    const slot = this.#slot(guess);
    this.#addresses.set(slot, spendGuess(this.#addresses.get(slot), addressGuesses, now).allowance);
  }

  #giveBack(guess: Guess): void {
    const now = this.#clock.now();
    this.#keep(guess, giveBack(refill(this.#ofAccount(guess), accountGuesses, now), accountGuesses));
    if (guess.device !== undefined) return;
    const slot = this.#slot(guess);
    this.#addresses.set(slot, giveBack(refill(this.#addresses.get(slot), addressGuesses, now), addressGuesses));
  }

  #ofAccount(guess: Guess): GuessAllowance | undefined {
    const row = this.#select.get(this.#keyOf(guess));
    return row === undefined ? undefined : { left: Number(row["left"]), at: Number(row["at"]) };
  }

  /** Written for nobody's names as well, so that the disk's time tells nothing. */
  #keep(guess: Guess, { left, at }: GuessAllowance): void {
    const key = this.#keyOf(guess);
    if (left >= accountGuesses.burst) this.#delete.run(key);
    else this.#upsert.run(key, left, at);
  }

  #keyOf({ account, loginName, device }: Guess): string {
    if (account === undefined) return `nobody/${this.#slotOf(`name ${loginName}`)}`;
    return device === undefined ? `account/${account}` : `device/${device}`;
  }

  #slot({ peer }: Guess): number {
    return this.#slotOf(`address ${addressBlock(peer)}`);
  }

  #slotOf(text: string): number {
    return createHmac("sha256", this.#slotKey).update(text).digest().readUInt16BE() % slots;
  }
}
