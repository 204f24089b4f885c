import type { AccessUnit, LentMemory } from "../domain/access-unit.ts";

export interface RingOptions {
  /** What the kept units may weigh together. */
  readonly maxBytes: number;
  /** How far back the kept GOPs must reach; 0 keeps the newest alone. */
  readonly prerollMs?: number;
}

/** A key picture and everything up to the next one. */
interface Gop {
  readonly startedAt: number;
  readonly units: AccessUnit[];
  bytes: number;
  /** Of its units that nobody has seen. */
  unseen: LentMemory[];
}

/**
 * The newest whole GOPs of a stream: what a new viewer starts with. Holds the units themselves, never a copy. A GOP that
 * outgrows the ring alone is let go and counted; the ring then stays empty up to the next key picture. The memory of units that
 * nobody was shown is given back when they are forgotten: of a camera that is only kept ready, of all.
 */
export class Ring {
  readonly #maxBytes: number;
  readonly #prerollMs: number;
  #gops: Gop[] = [];
  #bytes = 0;
  #overflows = 0;

  constructor({ maxBytes, prerollMs = 0 }: RingOptions) {
    this.#maxBytes = maxBytes;
    this.#prerollMs = prerollMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** GOPs that were too large to keep. */
  get overflows(): number {
    return this.#overflows;
  }

  /** @param memory what the unit lies in, where nobody else is given the unit now */
  push(unit: AccessUnit, memory?: LentMemory): void {
    if (unit.kind === "video" && unit.key) {
      this.#gops.push({ startedAt: unit.arrivedAt, units: [], bytes: 0, unseen: [] });
    }
    const newest = this.#gops.at(-1);
    // Nothing can be decoded before the first key picture.
    if (newest === undefined) return;
    newest.units.push(unit);
    if (memory !== undefined) newest.unseen.push(memory);
    newest.bytes += unit.bytes;
    this.#bytes += unit.bytes;
    this.#forget(unit.arrivedAt - this.#prerollMs);
  }

  /** From the newest key picture on, oldest first; empty while there is none. */
  newest(): readonly AccessUnit[] {
    return show(this.#gops.slice(-1));
  }

  /**
   * From the last key picture on that came at this moment of Clock.monotonic() or before, oldest first; all where the ring
   * does not reach that far.
   */
  since(moment: number): readonly AccessUnit[] {
    const first = this.#gops.findLastIndex((gop) => gop.startedAt <= moment);
    return show(this.#gops.slice(Math.max(0, first)));
  }

  /** Everything kept, oldest first: at least the pre-roll, where the byte cap allowed it. */
  all(): readonly AccessUnit[] {
    return show(this.#gops);
  }

  clear(): void {
    for (const gop of this.#gops) forget(gop);
    this.#gops = [];
    this.#bytes = 0;
  }

  #forget(needed: number): void {
    for (let second = this.#gops[1]; second !== undefined; second = this.#gops[1]) {
      if (second.startedAt > needed && this.#bytes <= this.#maxBytes) break;
      const oldest = this.#gops.shift();
      if (oldest === undefined) break;
      this.#bytes -= oldest.bytes;
      forget(oldest);
    }
    if (this.#bytes <= this.#maxBytes) return;
    this.#overflows += 1;
    this.clear();
  }
}

/** From here on the units may be kept by others, for any time. */
const show = (gops: readonly Gop[]): readonly AccessUnit[] =>
  gops.flatMap((gop) => {
    gop.unseen = [];
    return gop.units;
  });

const forget = (gop: Gop): void => {
  for (const memory of gop.unseen) memory.release();
  gop.unseen = [];
};
