import { GatehouseError, onAbort, untilAborted, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";

import { FfmpegProcess } from "./ffmpeg-process.ts";

export interface FfmpegRunOptions {
  /** The program and its arguments, sandbox included. */
  readonly command: readonly string[];
  /** Most that is taken of its output, in bytes. */
  readonly maxOutput: number;
  readonly clock: Clock;
}

export interface FfmpegWork {
  readonly input: Buffer;
  /** Longest time to the end of the work. */
  readonly ms: number;
}

/** A transcoder for one piece of work. It is started with this object and then waits for the work. */
export class FfmpegRun implements AsyncDisposable {
  readonly #options: FfmpegRunOptions;
  readonly #child: FfmpegProcess;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #ended = false;

  constructor(options: FfmpegRunOptions) {
    const { command, clock } = options;
    this.#options = options;
    const onOutput = (piece: Buffer): void => this.#keep(piece);
    // All of the input is in memory already.
    this.#child = new FfmpegProcess({ command, onOutput, maxPending: Number.POSITIVE_INFINITY, clock });
    void this.#child.exited.then(() => (this.#ended = true));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Lets it do its work, once, and gives what it wrote to its standard output.
   * @throws GatehouseError `transcode-failed`, or `timeout`
   */
  async finish({ input, ms }: FfmpegWork, { signal }: Cancellable): Promise<Buffer> {
    const { clock } = this.#options;
    return await withDeadline({ clock, ms, what: "the end of ffmpeg's work", signal }, async (within) => {
      using _abort = onAbort(within.signal, () => this.#child.kill());
      this.#child.write(input);
      this.#child.finish();
      const { error } = await untilAborted(within.signal, this.#child.exited);
      if (error !== undefined) throw error;
      return Buffer.concat(this.#pieces, this.#bytes);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  #keep(piece: Buffer): void {
    const { maxOutput } = this.#options;
    this.#bytes += piece.length;
    if (this.#bytes > maxOutput) throw new GatehouseError("transcode-failed", `It is longer than ${maxOutput} bytes.`);
    this.#pieces.push(piece);
  }
}

/**
 * Starts one, lets it do its work and gives what it wrote to its standard output.
 * @throws GatehouseError `transcode-failed`, or `timeout`
 */
export const runFfmpeg = async (options: FfmpegRunOptions & FfmpegWork, cancel: Cancellable): Promise<Buffer> => {
  cancel.signal.throwIfAborted();
  await using run = new FfmpegRun(options);
  return await run.finish(options, cancel);
};
