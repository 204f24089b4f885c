import { GatehouseError, untilAborted, type Cancellable } from "@gatehouse/shared";

import type { AudioUnit } from "../../../domain/access-unit.ts";
import type { AudioTrack } from "../../../domain/track.ts";
import type { OpenSoundConverter, SoundConverter } from "../../../media/ffmpeg/sound-converter.ts";
import { buildAudioSpecificConfig } from "../../../protocols/aac/audio-specific-config.ts";

const clockRate = 16_000;
const unitSamples = 1_024;
const config = buildAudioSpecificConfig({ objectType: 2, sampleRate: clockRate, channels: 1, unitSamples });

/** Makes AAC of whatever goes in, of the same length, when it is told to. */
export class FakeConverter implements SoundConverter {
  readonly track: AudioTrack = { kind: "audio", codec: "aac", clockRate, channels: 1, config };
  readonly taken: AudioUnit[] = [];
  /** How its end is answered. */
  onFinish: () => Promise<void> = async () => this.convert();
  closed = false;
  readonly #failure = Promise.withResolvers<never>();
  #sink: (unit: AudioUnit) => void = () => undefined;
  #from: AudioTrack | undefined;
  #converted: number | undefined;
  #ended = false;

  /** What it was opened for. */
  readonly open: OpenSoundConverter = async ({ from }, sink) => {
    this.#from = from;
    this.#sink = sink;
    return this;
  };

  constructor() {
    this.#failure.promise.catch(() => undefined);
  }

  write(unit: AudioUnit): void {
    if (this.#ended) throw new Error("it was told that nothing more comes");
    this.taken.push(unit);
  }

  /** Gives out, in whole units, so much of what went in; the end of `from` ticks is not given before it is known. */
  convert(part = 1): void {
    const { clockRate: rate = 1 } = this.#from ?? {};
    const scaled = this.taken.map(({ timestamp }) => (timestamp * clockRate) / rate);
    const [first, last] = [scaled[0], scaled[Math.ceil(scaled.length * part) - 1]];
    if (first === undefined || last === undefined) return;
    for (this.#converted ??= first; this.#converted <= last; this.#converted += unitSamples) {
      const data = Buffer.from("01402280a37ff885408c", "hex");
      this.#sink({ kind: "audio", timestamp: this.#converted, data, bytes: data.length, arrivedAt: 0 });
    }
  }

  fail(): void {
    this.#failure.reject(new GatehouseError("transcode-failed", "ffmpeg was killed."));
  }

  failed({ signal }: Cancellable): Promise<never> {
    return untilAborted(signal, this.#failure.promise);
  }

  async finish(): Promise<void> {
    this.#ended = true;
    await this.onFinish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

/** Of a box without ffmpeg. */
export const noConverter: OpenSoundConverter = () =>
  Promise.reject(new GatehouseError("transcoder-missing", "No ffmpeg was found."));
