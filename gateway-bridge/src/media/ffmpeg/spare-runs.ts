import type { Clock } from "@gatehouse/shared";

import type { FfmpegRun } from "./ffmpeg-run.ts";

export interface SpareRunsOptions {
  readonly begin: (command: readonly string[]) => FfmpegRun;
  readonly clock: Pick<Clock, "schedule">;
}

interface Spare {
  readonly key: string;
  /** Undefined until its time has come. */
  run: FfmpegRun | undefined;
  timer: Disposable;
}

/** What was just made goes out first: starting a process holds the gateway up for some milliseconds. */
const startAfterMs = 50;
/** For so long one waits for work: an open Home app asks for pictures every ten seconds. */
const lingerMs = 30_000;
/** As many as work at once. Each takes some 10 MB while it waits. */
const most = 2;

/**
 * Transcoders that are started ahead, for work like the last: to start one takes three times as long as to decode a picture with it.
 * Each does one piece of work and ends.
 */
export class SpareRuns implements AsyncDisposable {
  readonly #options: SpareRunsOptions;
  /** Oldest first. */
  readonly #spares: Spare[] = [];
  /** Of those that nobody wanted. */
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(options: SpareRunsOptions) {
    this.#options = options;
  }

  /** One that runs this command: one that waits, or one that is started now. Its taker disposes of it. */
  take(command: readonly string[]): FfmpegRun {
    const key = keyOf(command);
    const spare = this.#spares.find((one) => one.key === key);
    if (spare !== undefined) this.#remove(spare);
    return spare?.run === undefined || spare.run.ended ? this.#options.begin(command) : spare.run;
  }

  /** Has one wait for a while that runs this command. */
  keep(command: readonly string[]): void {
    const { clock } = this.#options;
    if (this.#closed) return;
    const [oldest] = this.#spares;
    if (oldest !== undefined && this.#spares.length >= most) this.#drop(oldest);
    const timer = clock.schedule(startAfterMs, () => this.#start(spare, command));
    const spare: Spare = { key: keyOf(command), run: undefined, timer };
    this.#spares.push(spare);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const spare of [...this.#spares]) this.#drop(spare);
    await Promise.all(this.#ending);
  }

  #start(spare: Spare, command: readonly string[]): void {
    const { begin, clock } = this.#options;
    try {
      spare.run = begin(command);
      spare.timer = clock.schedule(lingerMs, () => this.#drop(spare));
    } catch {
      // Whoever needs one starts it, and is told what is wrong.
      this.#remove(spare);
    }
  }

  #remove(spare: Spare): void {
    this.#spares.splice(this.#spares.indexOf(spare), 1);
    spare.timer[Symbol.dispose]();
  }

  #drop(spare: Spare): void {
    this.#remove(spare);
    const ending = spare.run?.[Symbol.asyncDispose]();
    if (ending === undefined) return;
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}

const keyOf = (command: readonly string[]): string => command.join("\0");
