import { GatehouseError, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { convertG711 } from "../../protocols/g711/g711.ts";
import type { G711Codec } from "../../protocols/g711/laws.ts";
import type { Ffmpeg } from "./ffmpeg.ts";
import { SoundTranscoder } from "./sound-transcoder.ts";

/** Turns sound of one track into that of another, unit by unit. */
export interface SoundConverter extends AsyncDisposable {
  /** What comes out. */
  readonly track: AudioTrack;
  /** Never throws; what there is no room for is left out. */
  write(unit: AudioUnit): void;
  /** Waits for its end, which comes only as an error: `transcode-failed`, or the signal's reason. */
  failed(cancel: Cancellable): Promise<never>;
  /** Nothing more is written: resolves when all has come out, or it failed. @throws the signal's reason */
  finish(cancel: Cancellable): Promise<void>;
}

export interface SoundConverterOptions {
  readonly from: AudioTrack;
  readonly to: AudioTrack;
  /** Undefined where the box has none. */
  readonly ffmpeg: Ffmpeg | undefined;
  readonly clock: Clock;
  /** What may wait to be transcoded, in bytes; as much as live sound may unless told. */
  readonly maxPending?: number;
}

/**
 * Opens a converter that hands its outcome to `sink`.
 * @throws GatehouseError `transcoder-missing`, `codec-unsupported` or `too-many-sessions`
 */
export type OpenSoundConverter = (
  conversion: Pick<SoundConverterOptions, "from" | "to" | "maxPending">,
  sink: (unit: AudioUnit) => void,
  cancel: Cancellable,
) => Promise<SoundConverter>;

const isG711 = (codec: string): codec is G711Codec => codec === "pcmu" || codec === "pcma";

/** Units pass at once: as they are, or through a table. */
class TableConverter implements SoundConverter {
  readonly track: AudioTrack;
  readonly #convert: (data: Buffer) => Buffer;
  readonly #sink: (unit: AudioUnit) => void;

  constructor(track: AudioTrack, convert: (data: Buffer) => Buffer, sink: (unit: AudioUnit) => void) {
    this.track = track;
    this.#convert = convert;
    this.#sink = sink;
  }

  write(unit: AudioUnit): void {
    this.#sink({ ...unit, data: this.#convert(unit.data) });
  }

  failed({ signal }: Cancellable): Promise<never> {
    return untilAborted(signal, Promise.withResolvers<never>().promise);
  }

  async finish(): Promise<void> {
    // Each unit came out as it was written.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing.
  }
}

/**
 * A converter that hands its outcome to `sink`: without a process where both tracks are G.711 of one shape, or the same.
 * Timestamps stay media time, in ticks of the outcome's clock.
 * @throws GatehouseError `transcoder-missing`, or `codec-unsupported`
 */
export const openSoundConverter = async (
  { from, to, ffmpeg, clock, maxPending }: SoundConverterOptions,
  sink: (unit: AudioUnit) => void,
  cancel: Cancellable,
): Promise<SoundConverter> => {
  const sameShape = from.clockRate === to.clockRate && from.channels === to.channels;
  if (sameShape && from.codec === to.codec && from.codec !== "aac") return new TableConverter(to, (data) => data, sink);
  const { codec } = to;
  if (sameShape && isG711(codec) && isG711(from.codec))
    return new TableConverter(to, (data) => convertG711(codec, data), sink);
  if (ffmpeg === undefined)
    throw new GatehouseError("transcoder-missing", `No ffmpeg was found to make ${codec} of ${from.codec}.`);
  const options = { ffmpeg, clock, from, to: codec, shape: to, onUnit: sink };
  return await SoundTranscoder.open(maxPending === undefined ? options : { ...options, maxPending }, cancel);
};
