import { GatehouseError, type Clock } from "@gatehouse/shared";

export interface AnswerWatchOptions {
  readonly clock: Clock;
  /** Longest time from input to output. */
  readonly ms: number;
  /** A transcoder may keep this many units for itself. */
  readonly units: number;
}

/** A pause of the camera, or of a gateway that was kept from its work, counts for no more: nothing was fed meanwhile, nor what came read. */
const longestGapMs = 500;

/** Notices a transcoder that takes and takes, and gives nothing. */
export class AnswerWatch {
  /** Resolves, with what is to be said of it, when it hangs. */
  readonly hung: Promise<GatehouseError>;
  readonly #options: AnswerWatchOptions;
  readonly #resolve: (error: GatehouseError) => void;
  /** Milliseconds of input that is owed for, and when the last of it came. */
  #fedMs = 0;
  #lastAt = 0;
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
    this.#fedMs = this.#owed === 0 ? 0 : this.#fedMs + Math.min(now - this.#lastAt, longestGapMs);
    this.#lastAt = now;
    this.#owed += 1;
    if (this.#owed > units && this.#fedMs > ms)
      this.#resolve(new GatehouseError("transcode-failed", `ffmpeg gave nothing for ${ms} ms.`));
  }

  noteOutput(): void {
    this.#owed = 0;
  }
}
