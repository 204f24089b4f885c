import type { Clock } from "@gatehouse/shared";

import type { AuditSink } from "../ports.ts";

/** Refusals within this time of a written one are counted instead of written. */
export const tallyMs: number = 10 * 60_000;

export interface RefusalTallyOptions {
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** What was refused, for the row. */
  readonly action: string;
}

/**
 * Writes refused strangers into the audit log so that they cannot fill the disk: the first at once, those of the next ten
 * minutes as one row with their number. Never throws: what cannot be written was refused all the same, and is counted on.
 */
export class RefusalTally implements Disposable {
  readonly #options: RefusalTallyOptions;
  #counted = 0;
  #window: Disposable | undefined;

  constructor(options: RefusalTallyOptions) {
    this.#options = options;
  }

  add(detail: string): void {
    if (this.#window !== undefined || !this.#append(detail)) this.#counted += 1;
    this.#window ??= this.#openWindow();
  }

  /** Writes down what was counted. */
  [Symbol.dispose](): void {
    this.#window?.[Symbol.dispose]();
    this.#window = undefined;
    this.#flush();
  }

  #openWindow(): Disposable {
    return this.#options.clock.schedule(tallyMs, () => {
      // A flood that goes on is written once a window, however long it lasts.
      this.#window = this.#counted > 0 ? this.#openWindow() : undefined;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#counted > 0 && this.#append(`${this.#counted} more, counted for up to 10 minutes`)) this.#counted = 0;
  }

  /** Whether it could be written. */
  #append(detail: string): boolean {
    const { audit, action } = this.#options;
    try {
      audit.append({ principal: "-", action, target: "-", outcome: "denied", detail });
      return true;
    } catch {
      return false;
    }
  }
}
