import type { AccessUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { Source, SourceQuality } from "../../ports.ts";
import { RateWindow, type Rates } from "./rate-window.ts";
import { RecentExtremes, rememberedMs } from "./recent-extremes.ts";

/** Pictures are never reordered by more: a timestamp that steps back farther is that of a new beginning. */
const reorderTicks = 45_000;
const ticksPerMs = 90;

/** What was measured of a stream. Lengths of GOPs are null before the second key picture of a connection. */
export interface Measured extends Rates {
  readonly gopMs: number | null;
  readonly gopPictures: number | null;
  /** Of the last minutes; the GOP that runs counts as soon as it is the longest. */
  readonly longestGopMs: number | null;
  /** Of the last minutes, whole GOPs only, without the first of a connection. */
  readonly shortestGopMs: number | null;
  readonly bFrames: boolean;
  /** Of the packets of the last minutes, 0 to 1; null where nothing can be lost or nothing came. */
  readonly loss: number | null;
  readonly jitterMs: number | null;
  readonly transport: SourceQuality["transport"] | null;
  /** Packets lost over all connections. */
  readonly packetsLost: number;
}

/** Packets as they were counted at a moment. */
interface Count {
  readonly at: number;
  readonly packets: number;
  readonly lost: number;
}

/** Listens in on one stream: constant work for each unit, no timer, and nothing is worked out before it is asked for. */
export class StreamMeter {
  readonly #rates = new RateWindow();
  readonly #gops = new RecentExtremes();
  /** Timestamp of the last key picture. */
  #key: number | undefined;
  #pictures = 0;
  #gop: { readonly ms: number; readonly pictures: number } | undefined;
  /** Of this connection. What comes before the second is no measure: many cameras cut it short to serve a new client. */
  #keys = 0;
  #highest = Number.NEGATIVE_INFINITY;
  #reorderedAt = Number.NEGATIVE_INFINITY;
  #source: Source | undefined;
  /** Where loss is counted from: the younger at most as old as a window, the older as two. */
  #counts: readonly [Count, Count] | undefined;
  #lostBefore = 0;

  /** A connection was made. Gives back what it is given. */
  connected(source: Source): Source {
    this.disconnected();
    this.#source = source;
    return source;
  }

  /** What follows has nothing to do with what was. The figures of the last minutes stay. */
  disconnected(): void {
    this.#lostBefore += this.#quality()?.lost ?? 0;
    this.#source = undefined;
    this.#counts = undefined;
    this.#rates.clear();
    this.#key = undefined;
    this.#gop = undefined;
    this.#keys = 0;
    this.#highest = Number.NEGATIVE_INFINITY;
  }

  /** @param unit as the camera sent it */
  note(unit: AccessUnit): void {
    const video = unit.kind === "video";
    this.#rates.add(unit.bytes, video ? 1 : 0, unit.arrivedAt);
    if (video) this.#picture(unit);
  }

  /** @param now of Clock.monotonic() */
  read(now: number): Measured {
    const quality = this.#quality();
    const whole = Math.max(this.#gops.most ?? 0, this.#gop?.ms ?? 0);
    // By media time: pictures that are late do not make the GOP longer.
    const running = this.#key === undefined ? 0 : (this.#highest - this.#key) / ticksPerMs;
    return {
      ...this.#rates.read(now),
      gopMs: this.#gop?.ms ?? null,
      gopPictures: this.#gop?.pictures ?? null,
      longestGopMs: whole === 0 ? null : Math.max(whole, running),
      shortestGopMs: this.#gops.least ?? null,
      bFrames: now - this.#reorderedAt < rememberedMs,
      loss: quality === undefined ? null : this.#loss(quality),
      jitterMs: quality?.jitterMs ?? null,
      transport: quality?.transport ?? null,
      packetsLost: this.#lostBefore + (quality?.lost ?? 0),
    };
  }

  #picture(unit: VideoUnit): void {
    const { timestamp, arrivedAt } = unit;
    if (unit.key) this.#begin(unit);
    else if (timestamp < this.#highest && this.#highest - timestamp <= reorderTicks) this.#reorderedAt = arrivedAt;
    this.#highest = unit.key ? timestamp : Math.max(this.#highest, timestamp);
    this.#pictures += 1;
  }

  #begin({ timestamp, arrivedAt }: VideoUnit): void {
    this.#keys += 1;
    if (this.#key !== undefined && timestamp > this.#key) {
      const ms = (timestamp - this.#key) / ticksPerMs;
      this.#gop = { ms, pictures: this.#pictures };
      if (this.#keys > 2) this.#gops.note(ms, arrivedAt);
    }
    this.#key = timestamp;
    this.#pictures = 0;
    this.#countLosses(arrivedAt);
  }

  #quality(): SourceQuality | undefined {
    return this.#source?.quality?.();
  }

  #countLosses(at: number): void {
    if (this.#counts !== undefined && at - this.#counts[1].at < rememberedMs) return;
    const quality = this.#quality();
    if (quality === undefined) return;
    const count = { at, packets: quality.packets, lost: quality.lost };
    this.#counts = [this.#counts?.[1] ?? { at, packets: 0, lost: 0 }, count];
  }

  #loss({ packets, lost }: SourceQuality): number | null {
    const from = this.#counts?.[0];
    const expected = packets + lost - (from?.packets ?? 0) - (from?.lost ?? 0);
    return expected <= 0 ? null : Math.min(1, Math.max(0, lost - (from?.lost ?? 0)) / expected);
  }
}
