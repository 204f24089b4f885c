import { isGatehouseError, supervise, stopped, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack } from "../../domain/track.ts";
import type { Ffmpeg } from "../ffmpeg/ffmpeg.ts";
import type { SoundTarget } from "../ffmpeg/sound-format.ts";
import { SoundTranscoder } from "../ffmpeg/sound-transcoder.ts";

export interface SoundLaneOptions {
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  readonly from: AudioTrack;
  readonly to: SoundTarget;
  readonly onUnit: (unit: AudioUnit) => void;
}

type Healthy = Cancellable & { readonly healthy: () => void };

/**
 * Sound of a derived stream: transcoded by one process, which is started again when it ends, with growing pauses. While
 * there is none, there is no sound, and the picture goes on.
 */
export class SoundLane implements AsyncDisposable {
  readonly #ended: Promise<void>;
  readonly #closing = new AbortController();
  #transcoder: SoundTranscoder | undefined;

  constructor(options: SoundLaneOptions) {
    const { clock, log, random } = options;
    this.#ended = supervise({
      clock,
      log: log.child({ transcoder: "sound", from: options.from.codec, to: options.to }),
      random,
      signal: this.#closing.signal,
      run: (cancel) => this.#transcodeIfPossible(options, cancel),
    });
  }

  /** Left out while there is no transcoder. */
  write(unit: AudioUnit): void {
    this.#transcoder?.write(unit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("closed"));
    await this.#ended;
  }

  /** Returns, for good, where this sound can never be transcoded. */
  async #transcodeIfPossible(options: SoundLaneOptions, cancel: Healthy): Promise<void> {
    try {
      await this.#transcode(options, cancel);
    } catch (error) {
      if (!isGatehouseError(error) || error.code !== "codec-unsupported") throw error;
      options.log.warn("the stream has no sound", { reason: error.message });
    }
  }

  async #transcode(
    { ffmpeg, clock, from, to, onUnit }: SoundLaneOptions,
    { signal, healthy }: Healthy,
  ): Promise<never> {
    const deliver = (unit: AudioUnit): void => {
      healthy();
      if (!signal.aborted) onUnit(unit);
    };
    await using transcoder = await SoundTranscoder.open({ ffmpeg, clock, from, to, onUnit: deliver }, { signal });
    this.#transcoder = transcoder;
    try {
      return await transcoder.failed({ signal });
    } finally {
      this.#transcoder = undefined;
    }
  }
}
