import type { AccessUnit } from "../domain/access-unit.ts";

/** Farther back than pictures are ever reordered: the camera's clock was set, or the camera began anew. */
const reorderMs = 500;
/**
 * Timestamps may run ahead of their arrival by this much before they are taken for a new beginning. They may fall behind by
 * any amount: after a jam on the way the late units come in one burst, with timestamps that still fit.
 */
const leapMs = 5_000;
/** How fast the estimate of the shortest way follows a camera whose clock runs slower than ours: 1 ms a second. */
const driftPerMs = 0.001;

interface Lane {
  /** Added to the upstream's timestamps; undefined until the first unit of a connection. */
  offset: number | undefined;
  lastIn: number;
  lastArrivedAt: number;
  /** Highest timestamp given out. */
  highest: number;
}

/**
 * Lays the timestamps of one camera stream on one continuous timeline, over reconnects and reboots of the camera: each
 * new beginning goes on by the time that passed. Timestamps never step back, apart from pictures that the camera itself
 * sends out of order (B-frames). Both kinds share the zero, so that `timestamp / clockRate` of picture and sound
 * compare.
 */
export class Timeline {
  readonly #lanes: Record<AccessUnit["kind"], Lane | undefined> = { video: undefined, audio: undefined };
  /** Arrival minus media time of the unit that came the shortest way, in ms; undefined before the first unit. */
  #delay: number | undefined;
  #delayAt = 0;

  /** A new connection: the next timestamps have nothing to do with the last. */
  restart(): void {
    for (const lane of Object.values(this.#lanes)) if (lane !== undefined) lane.offset = undefined;
  }

  /** Media time in ms that is live at a moment of Clock.monotonic(); 0 before the first unit. */
  positionAt(monotonic: number): number {
    if (this.#delay === undefined) return 0;
    return Math.max(0, monotonic - this.#delay);
  }

  /** The unit's timestamp on this timeline, in ticks of `clockRate`. */
  place(unit: AccessUnit, clockRate: number): number {
    const lane = (this.#lanes[unit.kind] ??= { offset: undefined, lastIn: 0, lastArrivedAt: 0, highest: -1 });
    const offset = this.#offset(lane, unit, clockRate);
    const timestamp = unit.timestamp + offset;
    lane.offset = offset;
    lane.lastIn = unit.timestamp;
    lane.lastArrivedAt = unit.arrivedAt;
    lane.highest = Math.max(lane.highest, timestamp);
    this.#observe(unit.arrivedAt, (timestamp * 1_000) / clockRate);
    return timestamp;
  }

  #offset(lane: Lane, unit: AccessUnit, clockRate: number): number {
    if (lane.offset !== undefined) {
      const movedMs = ((unit.timestamp - lane.lastIn) * 1_000) / clockRate;
      const behindHighestMs = ((lane.highest - (unit.timestamp + lane.offset)) * 1_000) / clockRate;
      const passedMs = unit.arrivedAt - lane.lastArrivedAt;
      if (behindHighestMs <= reorderMs && movedMs - passedMs <= leapMs) return lane.offset;
    }
    const live = Math.round((this.positionAt(unit.arrivedAt) * clockRate) / 1_000);
    return Math.max(lane.highest + 1, live) - unit.timestamp;
  }

  #observe(arrivedAt: number, positionMs: number): void {
    const delay = arrivedAt - positionMs;
    if (this.#delay === undefined) this.#delay = delay;
    else this.#delay = Math.min(this.#delay + Math.max(0, arrivedAt - this.#delayAt) * driftPerMs, delay);
    this.#delayAt = arrivedAt;
  }
}
