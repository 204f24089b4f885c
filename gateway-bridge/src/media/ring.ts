import type { AccessUnit } from "../domain/access-unit.ts";

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
}

/**
 * The newest whole GOPs of a stream: what a new viewer starts with. Holds the units themselves, never a copy. A GOP that
 * outgrows the ring alone is let go and counted; the ring then stays empty up to the next key picture.
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

  push(unit: AccessUnit): void {
    if (unit.kind === "video" && unit.key) this.#gops.push({ startedAt: unit.arrivedAt, units: [], bytes: 0 });
    const newest = this.#gops.at(-1);
    // Nothing can be decoded before the first key picture.
    if (newest === undefined) return;
    newest.units.push(unit);
    newest.bytes += unit.bytes;
    this.#bytes += unit.bytes;
    this.#forget(unit.arrivedAt - this.#prerollMs);
  }

  /** From the newest key picture on, oldest first; empty while there is none. */
  newest(): readonly AccessUnit[] {
    return [...(this.#gops.at(-1)?.units ?? [])];
  }

  /**
   * From the last key picture on that came at this moment of Clock.monotonic() or before, oldest first; all where the ring
   * does not reach that far.
   */
  since(moment: number): readonly AccessUnit[] {
    const first = this.#gops.findLastIndex((gop) => gop.startedAt <= moment);
    return this.#gops.slice(Math.max(0, first)).flatMap((gop) => gop.units);
  }

  /** Everything kept, oldest first: at least the pre-roll, where the byte cap allowed it. */
  all(): readonly AccessUnit[] {
    return this.#gops.flatMap((gop) => gop.units);
  }

  clear(): void {
    this.#gops = [];
    this.#bytes = 0;
  }

  #forget(needed: number): void {
    for (;;) {
      const [oldest, second] = this.#gops;
      if (oldest === undefined || second === undefined) break;
      if (second.startedAt > needed && this.#bytes <= this.#maxBytes) break;
      this.#gops.shift();
      this.#bytes -= oldest.bytes;
    }
    if (this.#bytes <= this.#maxBytes) return;
    this.#overflows += 1;
    this.clear();
  }
}
