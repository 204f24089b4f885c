import { untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AccessUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { Track } from "../../gateway-bridge/src/domain/track.ts";
import { makePicture, makeSound, parameterSets, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import type { OpenSource, Source, UnitSink } from "../../gateway-bridge/src/ports.ts";

export interface PacedCameraOptions {
  readonly clock: Clock;
  readonly tracks?: readonly Track[];
  readonly fps?: number;
  /** Pictures in a group. */
  readonly gop?: number;
  readonly keyBytes?: number;
  readonly bytes?: number;
}

/** Tells pictures apart: the number is in the bytes after the slice's header, in a form that is never a start code. */
export const pictureNumber = (slice: Buffer): number =>
  [2, 3, 4].reduce((number, at) => number * 128 + ((slice[at] ?? 0) & 0x7f), 0);

const writeNumber = (slice: Buffer | undefined, number: number): void => {
  for (const at of [4, 3, 2]) {
    slice?.writeUInt8(0x80 | (number & 0x7f), at);
    number >>= 7;
  }
};

/** A camera in memory that sends numbered pictures, and 20 ms of G.711 with each where it has sound, at their time. */
export class PacedCamera {
  tracks: readonly Track[];
  /** Connections that were opened. */
  opened = 0;
  /** Pictures that were sent. */
  sent = 0;
  readonly #options: Required<Omit<PacedCameraOptions, "tracks">>;
  #breaks: ((error: Error) => void) | undefined;

  constructor({ tracks = [videoTrack], ...options }: PacedCameraOptions) {
    this.tracks = tracks;
    this.#options = { fps: 25, gop: 25, keyBytes: 60_000, bytes: 15_000, ...options };
  }

  readonly openSource: OpenSource = async (): Promise<Source> => {
    this.opened += 1;
    const { tracks } = this;
    return {
      tracks,
      play: (sink, cancel) => this.#play(sink, tracks, cancel),
      [Symbol.asyncDispose]: async () => undefined,
    };
  };

  /** Ends the present connection. */
  break(error: Error): void {
    this.#breaks?.(error);
  }

  async #play(sink: UnitSink, tracks: readonly Track[], { signal }: Cancellable): Promise<never> {
    const { clock, fps } = this.#options;
    const broken = Promise.withResolvers<never>();
    this.#breaks = broken.reject;
    const startedAt = clock.monotonic();
    const withSound = tracks.some(({ kind }) => kind === "audio");
    for (let index = 0; ; index += 1) {
      for (const unit of this.#units(index, withSound)) sink.write(unit);
      const due = startedAt + ((index + 1) * 1_000) / fps;
      await untilAborted(
        signal,
        Promise.race([broken.promise, clock.delay(Math.max(0, due - clock.monotonic()), { signal })]),
      );
    }
  }

  #units(index: number, withSound: boolean): readonly AccessUnit[] {
    const { clock, fps } = this.#options;
    const arrivedAt = clock.monotonic();
    const picture = this.#picture(index, arrivedAt);
    if (!withSound) return [picture];
    const data = Buffer.alloc(8_000 / fps, index & 0xff);
    return [picture, makeSound({ timestamp: (index * 8_000) / fps, arrivedAt, data })];
  }

  #picture(index: number, arrivedAt: number): VideoUnit {
    const { fps, gop, keyBytes, bytes } = this.#options;
    const key = index % gop === 0;
    const unit = makePicture({
      key,
      timestamp: (index * 90_000) / fps,
      arrivedAt,
      size: key ? keyBytes : bytes,
      before: key ? [parameterSets.sps, parameterSets.pps] : [],
    });
    writeNumber(unit.nals.at(-1), this.sent);
    this.sent += 1;
    return unit;
  }
}
