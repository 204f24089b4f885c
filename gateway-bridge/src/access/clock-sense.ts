import { GatehouseError, type Clock } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import { behindUntil } from "../domain/clock-policy.ts";
import type { NoticeBoard } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";

const migrations: Migrations = {
  name: "clock",
  steps: ["CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), newest INTEGER NOT NULL) STRICT"],
};

/** How often the clock is looked at, and how often what it shows is kept. */
const lookMs = 60_000;
const keepEveryMs = 10 * 60_000;

export interface ClockSenseOptions {
  readonly database: Database;
  /** When the newest row of the audit log was written; undefined where there is none. */
  readonly newestRow: number | undefined;
  readonly clock: Clock;
  readonly notices: NoticeBoard;
}

/**
 * Knows when the clock cannot be right. Codes of authenticators are worth what the clock is worth: set back, it would take codes that
 * somebody saw before. Passkeys and recovery codes do not look at it.
 */
export class ClockSense implements Disposable {
  readonly #options: ClockSenseOptions;
  readonly #keepTime: StatementSync;
  /** The latest time that was seen, and what of it is kept. */
  #newest: number;
  #kept: number;
  #wasBehind = false;
  #next: Disposable;

  private constructor(options: ClockSenseOptions) {
    const { database, newestRow = 0, clock } = options;
    this.#options = options;
    this.#keepTime = database.sql.prepare("INSERT OR REPLACE INTO clock VALUES (1, ?)");
    this.#kept = Number(database.sql.prepare("SELECT newest FROM clock").get()?.["newest"] ?? 0);
    this.#newest = Math.max(this.#kept, newestRow);
    this.#next = clock.schedule(lookMs, () => this.#beat());
    this.#look();
  }

  static open(options: ClockSenseOptions): ClockSense {
    options.database.migrate(migrations);
    return new ClockSense(options);
  }

  /** Until when the clock is not believed; undefined while there is nothing against it. */
  get behindUntil(): number | undefined {
    return behindUntil(this.#options.clock.now(), this.#newest);
  }

  /**
   * Has the time of now count from here on: whatever is taken by it once is not taken again by a clock that was set back.
   * @throws GatehouseError `clock-wrong`
   */
  insist(): void {
    const until = this.#look();
    if (until === undefined) {
      this.#keep();
      return;
    }
    throw new GatehouseError(
      "clock-wrong",
      `the gateway's clock is behind: codes of authenticators are refused until it shows ${new Date(until).toISOString()}`,
      { details: { until } },
    );
  }

  /** Takes the clock's word for it: it was wrong before, and is right now. */
  confirm(): void {
    this.#newest = this.#options.clock.now();
    this.#keep();
    this.#look();
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]();
  }

  #beat(): void {
    this.#next = this.#options.clock.schedule(lookMs, () => this.#beat());
    const until = this.#look();
    if (until === undefined && this.#newest - this.#kept >= keepEveryMs) this.#keep();
  }

  #look(): number | undefined {
    const { clock, notices } = this.#options;
    const now = clock.now();
    const until = behindUntil(now, this.#newest);
    if (until === undefined) {
      this.#newest = Math.max(this.#newest, now);
      if (this.#wasBehind) notices.withdraw("clock-wrong");
    } else if (!this.#wasBehind) {
      notices.raise({
        kind: "clock-wrong",
        text: `This box's clock shows ${new Date(now).toISOString()}, but it is ${new Date(until).toISOString()} or later.`,
      });
    }
    this.#wasBehind = until !== undefined;
    return until;
  }

  #keep(): void {
    this.#keepTime.run(this.#newest);
    this.#kept = this.#newest;
  }
}
