const size = 64;

/** Remembers which of the newest 64 packet indexes were seen, so that none is taken twice. RFC 3711 3.3.2 */
export class ReplayWindow {
  #highest = -1;
  /** Bit n: the index `highest - n` was seen. */
  #seen = 0n;

  /** The highest index seen; -1 at first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether the index is new. Indexes too old to tell are not. */
  accepts(index: number): boolean {
    const behind = this.#highest - index;
    if (behind < 0) return true;
    return index >= 0 && behind < size && ((this.#seen >> BigInt(behind)) & 1n) === 0n;
  }

  /** Call only when the packet was found authentic: a forged one must not move the window. */
  add(index: number): void {
    const behind = this.#highest - index;
    if (behind >= 0) this.#seen |= 1n << BigInt(behind);
    else {
      const shift = Math.min(-behind, size);
      this.#seen = BigInt.asUintN(size, (this.#seen << BigInt(shift)) | 1n);
      this.#highest = index;
    }
  }
}
