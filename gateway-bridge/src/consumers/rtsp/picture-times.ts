/** A moment of the stream, and the timestamp that the reader has for it. Both in ticks. */
interface Anchor {
  readonly at: number;
  readonly stamp: number;
}

export interface PictureMoment {
  /** When it is shown, on the stream's timeline, in ticks. */
  readonly at: number;
  /** Nothing that came before is shown after it. */
  readonly latest: boolean;
  /** The timestamp that it should have if nothing speaks against it: that moment itself, or now where it is past. */
  readonly wanted: number;
}

/** Ticks between two pictures at the least: pictures that are shown between them may be sent after them. */
const room = 32;
/** More pictures than are ever reordered. ITU-T H.264 A.3.1: 16 */
const remembered = 32;
/** How far before a key picture those are shown that are sent after it (H.265's leading pictures), in ticks. */
const lead = 45_000;

/**
 * The timestamps of one reader's pictures: the stored GOP compressed into the moments at which it is sent, then the camera's own.
 * The later a picture is shown, the higher is its timestamp, in whatever order they come, also where the compressed part meets the
 * live one. Only where the camera dates a picture back that is shown after all before it, time begins anew, behind all that.
 */
export class PictureTimes {
  /** Rising in both; each picture that is shown after all before it adds one. */
  #anchors: readonly Anchor[] = [];
  #highest: number;

  /** @param highest timestamp that the reader has seen, in ticks; -1 for none */
  constructor(highest: number) {
    this.#highest = highest;
  }

  /** In whole ticks; at least 0. */
  stamp({ at, latest, wanted }: PictureMoment): number {
    const newest = this.#anchors.at(-1);
    if (newest === undefined || (latest && at <= newest.at)) return this.#begin(at, wanted);
    if (at <= newest.at) return this.#between(at, newest);
    const least = newest.stamp + Math.min(room, Math.ceil(at - newest.at));
    return this.#add(this.#anchors, { at, stamp: Math.max(least, Math.round(wanted)) });
  }

  #begin(at: number, wanted: number): number {
    const least = this.#highest < 0 ? 0 : this.#highest + 1 + room;
    const stamp = Math.max(least, Math.round(wanted));
    return this.#add([{ at: at - lead, stamp: Math.max(0, stamp - room) }], { at, stamp });
  }

  #add(before: readonly Anchor[], anchor: Anchor): number {
    this.#anchors = [...before.slice(1 - remembered), anchor];
    this.#highest = anchor.stamp;
    return anchor.stamp;
  }

  #between(at: number, newest: Anchor): number {
    const after = this.#anchors.find((anchor) => anchor.at >= at) ?? newest;
    const before = this.#anchors.findLast((anchor) => anchor.at <= at) ?? after;
    const span = after.at - before.at;
    const part = span === 0 ? 0 : (at - before.at) / span;
    return Math.round(before.stamp + part * (after.stamp - before.stamp));
  }
}
