/** Packets that may leave back to back: more overflows the receive buffer that systems give a UDP socket by default. */
const depth = 64;
/** Packets a ms after that, some 100 Mbit/s: what a home's Wi-Fi takes for the time of a key picture. */
const perMs = 10;
/** A timer for less is not worth it. */
const shortestWaitMs = 2;

/** Spreads the packets of large pictures, so that no queue on the way overflows. Times are Clock.monotonic(). */
export class PacketPace {
  #allowed = depth;
  #at = -Infinity;

  /** How many of so many packets may leave now; they are counted as sent. */
  take(wanted: number, now: number): number {
    this.#allowed = Math.min(depth, this.#allowed + (now - this.#at) * perMs);
    this.#at = now;
    const taken = Math.min(wanted, Math.floor(this.#allowed));
    this.#allowed -= taken;
    return taken;
  }

  /** How long to wait with so many packets that are left, in ms. */
  waitMs(left: number): number {
    const needed = Math.min(left, depth) - this.#allowed;
    return Math.max(shortestWaitMs, Math.ceil(Math.min(needed, depth / 2) / perMs));
  }
}
