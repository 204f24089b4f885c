import type { AudioUnit } from "../../domain/access-unit.ts";
import { fragment } from "../../protocols/fmp4/fragment.ts";
import type { Mp4AudioTrack } from "../../protocols/fmp4/mp4-track.ts";
import { silenceOf, soundDuration, type Silence } from "../../protocols/fmp4/sound-sample.ts";

/** Sound that is this late may still come; after a second without any it is not waited for. */
const patienceMs = 500;
const impatienceMs = 100;
const heardMs = 1_000;
/** A longer gap is none: the camera was away, and picture and sound begin anew. */
const longestGapMs = 10_000;

/**
 * One viewer's sound: frame on frame without a gap. A browser stops the picture where sound is missing, so what a camera does not send
 * (packets that are lost, sound that it leaves out while nothing is heard) is filled with silence.
 */
export class LiveSound {
  readonly track: Mp4AudioTrack;
  readonly #silence: Silence | undefined;
  /** Where the next frame begins, in ticks; undefined before the first picture. */
  #end: number | undefined;
  #heardAt = -Infinity;
  /** The latest picture, in ticks. */
  #picture = 0;

  constructor(track: Mp4AudioTrack) {
    this.track = track;
    this.#silence = silenceOf(track);
  }

  /** What a piece of sound adds: nothing where it came too late, is malformed, or claims to be far ahead of the picture. */
  take(unit: AudioUnit): readonly Buffer[] {
    const duration = soundDuration(this.track, unit.data);
    if (duration === undefined || this.#end === undefined) return [];
    this.#heardAt = unit.arrivedAt;
    const missing = Math.round(unit.timestamp) - this.#end;
    const aheadMs = ((unit.timestamp - this.#picture) * 1_000) / this.track.timescale;
    if (missing <= -duration || aheadMs > longestGapMs) return [];
    const filled = missing < duration ? [] : this.#fill(missing);
    if (this.#silence === undefined && missing >= duration) this.#end += missing;
    return [...filled, this.#write([unit.data], duration)];
  }

  /** The silence that the picture needs to go on. Times in ms: the picture's on the stream's timeline, and when it came. */
  keepUp(pictureMs: number, arrivedAt: number): readonly Buffer[] {
    const { timescale } = this.track;
    const picture = Math.round((pictureMs * timescale) / 1_000);
    this.#picture = picture;
    const lateMs = this.#end === undefined ? Infinity : ((picture - this.#end) * 1_000) / timescale;
    if (lateMs > longestGapMs) {
      this.#end = picture;
      return [];
    }
    const allowedMs = arrivedAt - this.#heardAt > heardMs ? impatienceMs : patienceMs;
    return lateMs <= allowedMs ? [] : this.#fill(((lateMs - impatienceMs) * timescale) / 1_000);
  }

  /** As many whole frames of silence as go into so many ticks. */
  #fill(ticks: number): readonly Buffer[] {
    if (this.#silence === undefined) return [];
    const { data, duration } = this.#silence;
    const count = Math.min(
      Math.floor(ticks / duration),
      Math.ceil((longestGapMs * this.track.timescale) / 1_000 / duration),
    );
    return count > 0
      ? [
          this.#write(
            Array.from({ length: count }, () => data),
            duration,
          ),
        ]
      : [];
  }

  #write(frames: readonly Buffer[], duration: number): Buffer {
    const decodeTime = this.#end ?? 0;
    this.#end = decodeTime + frames.length * duration;
    const samples = frames.map((data) => ({ duration, offset: 0, key: true, parts: [data] }));
    const sequence = Math.floor((decodeTime * 2_000) / this.track.timescale) % 2 ** 32;
    return Buffer.concat(fragment(sequence, [{ track: "audio", decodeTime, samples }]));
  }
}
