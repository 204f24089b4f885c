import type { Clock } from "@gatehouse/shared";

import { Origins } from "../domain/origins.ts";
import type { AuditSink } from "../ports.ts";

/** Refusals within this time of a written one are counted instead of written. */
export const tallyMs: number = 10 * 60_000;

export interface RefusalTallyOptions {
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** What was refused, for the row. */
  readonly action: string;
}

/** What is known of one that was refused. */
export interface Refusal {
  /** The address that it came from. */
  readonly peer?: string | undefined;
  /** It was not even looked at. */
  readonly unseen?: boolean;
}

/**
 * Writes refused strangers into the audit log so that they cannot fill the disk: the first at once, those of the next ten
 * minutes as one row with their number, how many of them were not looked at, and where they came from. Never throws: what cannot
 * be written was refused all the same, and is counted on.
 */
export class RefusalTally implements Disposable {
  readonly #options: RefusalTallyOptions;
  readonly #origins = new Origins();
  #counted = 0;
  #unseen = 0;
  #window: Disposable | undefined;

  constructor(options: RefusalTallyOptions) {
    this.#options = options;
  }

  add(detail: string, { peer, unseen = false }: Refusal = {}): void {
    const from = new Origins();
    if (peer !== undefined) from.add(peer);
    if (this.#window !== undefined || !this.#append(detail + from.text)) {
      this.#counted += 1;
      this.#unseen += Number(unseen);
      if (peer !== undefined) this.#origins.add(peer);
    }
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
    if (this.#counted === 0) return;
    const unseen = this.#unseen === 0 ? "" : `; ${this.#unseen} of them not looked at`;
    const text = `${this.#counted} more, counted for up to 10 minutes${unseen}${this.#origins.text}`;
    if (!this.#append(text)) return;
    this.#counted = 0;
    this.#unseen = 0;
    this.#origins.clear();
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
