import type { AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import type { Mp4Form } from "../../media/mp4-form.ts";
import { placePicture, type DecodeAssumptions, type DecodeState } from "../../protocols/fmp4/decode-times.ts";
import { fragment, type Run, type Sample } from "../../protocols/fmp4/fragment.ts";
import type { Mp4AudioTrack } from "../../protocols/fmp4/mp4-track.ts";
import { nalSample, parameterSetsIn } from "../../protocols/fmp4/nal-sample.ts";
import { silenceOf, soundDuration, type Silence } from "../../protocols/fmp4/sound-sample.ts";

/** A fragment is written at a key picture, or sooner where it would grow beyond one of these. */
const longestMs = 2_000;
const largest = 4 * 1024 * 1024;
/** Sound may still come that is this much later than its picture. */
const lateSoundMs = 500;
/** Sound that claims to be farther ahead of the picture is not believed: it would have to be filled up to there. */
const farthestMs = 10_000;

interface Picture extends Omit<Sample, "duration"> {
  readonly decodeTime: number;
  readonly assumed: number;
}

interface Sounding extends Sample {
  readonly at: number;
}

/**
 * Lays pictures and sound into the fragments of one file, whose times begin with its first picture. A picture lasts up to the next one,
 * so the last of a fragment is written with the one after.
 */
export class ClipWriter {
  readonly #codec: VideoCodec;
  readonly #audio: Mp4AudioTrack | undefined;
  readonly #silence: Silence | undefined;
  readonly #assumed: DecodeAssumptions;
  #pictures: Picture[] = [];
  #sounds: Sounding[] = [];
  #decoding: DecodeState | undefined;
  /** Decoding time of the first picture, in ticks of 90 kHz. */
  #origin: number | undefined;
  #soundEnd = 0;
  #bytes = 0;
  #sequence = 0;

  constructor({ codec, audio, init }: Mp4Form) {
    this.#codec = codec;
    this.#audio = audio;
    this.#silence = audio && silenceOf(audio);
    this.#assumed = init.picture;
  }

  /** The fragment that ends with this picture, where one does: its buffers, to be written one after the other. */
  picture(unit: VideoUnit): readonly Buffer[] {
    const times = placePicture({ timestamp: Math.round(unit.timestamp), key: unit.key }, this.#decoding, this.#assumed);
    this.#decoding = times.next;
    this.#origin ??= times.decodeTime;
    const first = this.#pictures[0];
    const lasts = first === undefined ? 0 : times.decodeTime - first.decodeTime;
    const full = unit.key || lasts >= longestMs * 90 || this.#bytes >= largest;
    const ended = first !== undefined && full ? this.#flush(times.decodeTime) : [];
    const told = unit.key ? parameterSetsIn(this.#codec, unit.nals) : undefined;
    const parts = nalSample(this.#codec, unit.nals, told);
    const { decodeTime, offset, duration: assumed } = times;
    this.#pictures.push({ decodeTime, offset, assumed, key: unit.key, parts });
    this.#bytes += unit.bytes;
    return ended;
  }

  /** Sound that is older than the first picture, malformed or late is left out. */
  sound(unit: AudioUnit): void {
    if (this.#audio === undefined || this.#origin === undefined) return;
    const duration = soundDuration(this.#audio, unit.data);
    const at = Math.round(unit.timestamp - (this.#origin * this.#audio.timescale) / 90_000);
    if (duration === undefined || at < 0 || at <= this.#soundEnd - duration || at > this.#farthest()) return;
    if (at >= this.#soundEnd + duration) this.#fillUpTo(at);
    // Timestamps may jitter around the frames' true length; a file's must not.
    const start = at < this.#soundEnd + duration ? this.#soundEnd : at;
    this.#soundEnd = start + duration;
    this.#sounds.push({ at: start, duration, offset: 0, key: true, parts: [unit.data] });
    this.#bytes += unit.bytes;
  }

  /** The latest time, in ticks of the sound's clock, that sound beside the newest picture can have. */
  #farthest(): number {
    const picture = ((this.#decoding?.decodeTime ?? 0) - (this.#origin ?? 0)) / 90_000;
    return (picture + farthestMs / 1_000) * (this.#audio?.timescale ?? 0);
  }

  /** What is left. */
  end(): readonly Buffer[] {
    const last = this.#pictures.at(-1);
    return last === undefined ? [] : this.#flush(last.decodeTime + last.assumed, 0);
  }

  /** Players stop where sound is missing that was announced. Time in ticks of the sound's clock. */
  #fillUpTo(time: number): void {
    if (this.#silence === undefined) return;
    const { data, duration } = this.#silence;
    for (; this.#soundEnd + duration <= time; this.#soundEnd += duration) {
      this.#sounds.push({ at: this.#soundEnd, duration, offset: 0, key: true, parts: [data] });
    }
  }

  #flush(until: number, waitMs = lateSoundMs): readonly Buffer[] {
    const passed = (until - (this.#origin ?? 0)) / 90_000 - waitMs / 1_000;
    if (this.#audio !== undefined) this.#fillUpTo(passed * this.#audio.timescale);
    const pictures = this.#pictures.map(({ decodeTime, offset, key, parts }, index): Sample => {
      const next = this.#pictures[index + 1]?.decodeTime ?? until;
      return { duration: next - decodeTime, offset, key, parts };
    });
    const decodeTime = (this.#pictures[0]?.decodeTime ?? 0) - (this.#origin ?? 0);
    const runs: Run[] = [{ track: "video", decodeTime, samples: pictures }, ...this.#soundRuns()];
    this.#pictures = [];
    this.#sounds = [];
    this.#bytes = 0;
    this.#sequence += 1;
    return fragment(this.#sequence, runs);
  }

  /** A gap for which no silence is known is a frame that lasts longer: one run for all. */
  #soundRuns(): Run[] {
    const [first] = this.#sounds;
    if (first === undefined) return [];
    const samples = this.#sounds.map((sound, index): Sample => {
      const next = this.#sounds[index + 1]?.at ?? sound.at + sound.duration;
      return { duration: next - sound.at, offset: 0, key: true, parts: sound.parts };
    });
    return [{ track: "audio", decodeTime: first.at, samples }];
  }
}
