import type { Clock, Logger, NoticeKind, UpdateState } from "@gatehouse/shared";

import type { NoticeBoard } from "../ports.ts";

/** `gatehouse update` leaves what it has seen in a file; nobody waits for it. */
export const lookMs: number = 3_600_000;

export interface UpdateWatchOptions {
  readonly read: () => Promise<UpdateState>;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells those who govern of a newer version, and of known faults of the one that runs: each once, as long as nothing changes. */
export class UpdateWatch implements Disposable {
  readonly #options: UpdateWatchOptions;
  readonly #told = new Map<NoticeKind, string>();
  #next: Disposable | undefined;
  #closed = false;

  private constructor(options: UpdateWatchOptions) {
    this.#options = options;
  }

  static open(options: UpdateWatchOptions): UpdateWatch {
    const watch = new UpdateWatch(options);
    void watch.#beat();
    return watch;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#next?.[Symbol.dispose]();
  }

  async #beat(): Promise<void> {
    try {
      const { available, advisories } = await this.#options.read();
      if (this.#closed) return;
      this.#tell(
        "update-available",
        available === null ? "" : `Version ${available.version} of Gatehouse can be installed.`,
      );
      this.#tell("advisory", faultText(advisories));
    } catch (error) {
      this.#options.log.warn("what is known of updates could not be read", { error: String(error) });
    }
    if (!this.#closed) this.#next = this.#options.clock.schedule(lookMs, () => void this.#beat());
  }

  /** @param text empty where there is nothing to tell any more */
  #tell(kind: NoticeKind, text: string): void {
    if (this.#told.get(kind) === text) return;
    this.#told.set(kind, text);
    if (text === "") this.#options.notices.withdraw(kind);
    else this.#options.notices.raise({ kind, text });
  }
}

const faultText = ({ found }: UpdateState["advisories"]): string =>
  found.length === 0
    ? ""
    : `This version has known faults: ${found.map(({ id, package: name, severity }) => `${id} of ${name} (${severity})`).join(", ")}.`;
