import { GatehouseError, type Clock } from "@gatehouse/shared";

export interface AnswerWatchOptions {
  readonly clock: Clock;
  /** Longest time from input to output. */
  readonly ms: number;
  /** A transcoder may keep this many units for itself. */
  readonly units: number;
}

/** Notices a transcoder that takes and takes, and gives nothing. */
export class AnswerWatch {
  /** Resolves, with what is to be said of it, when it hangs. */
  readonly hung: Promise<GatehouseError>;
  readonly #options: AnswerWatchOptions;
  readonly #resolve: (error: GatehouseError) => void;
  #since = 0;
  #owed = 0;

  constructor(options: AnswerWatchOptions) {
    const { promise, resolve } = Promise.withResolvers<GatehouseError>();
    this.#options = options;
    this.hung = promise;
    this.#resolve = resolve;
  }

  noteInput(): void {
    const { clock, ms, units } = this.#options;
    const now = clock.monotonic();
    if (this.#owed === 0) this.#since = now;
    this.#owed += 1;
    if (this.#owed > units && now - this.#since > ms)
      this.#resolve(new GatehouseError("transcode-failed", `ffmpeg gave nothing for ${ms} ms.`));
  }

  noteOutput(): void {
    this.#owed = 0;
  }
}
