import { PacketOrder } from "../rtp/packet-order.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";

/** How many packets wait for a missing one: 80 ms of 4 Mbit/s. */
const depth = 32;
/** How long they do: longer than any network of a house delays one of two packets. */
const longestMs = 50;

/** Puts packets that UDP brought in order. One that is missing holds up the others for 50 ms at most; what comes later than that is left out. */
export class Reordering {
  readonly #order: PacketOrder;
  #now = 0;
  #waitingSince: number | undefined;

  constructor(deliver: (packet: RtpPacket, at: number) => void) {
    this.#order = new PacketOrder(depth, (packet) => deliver(packet, this.#now));
  }

  /** @param now Clock.monotonic() */
  push(packet: RtpPacket, now: number): void {
    this.#now = now;
    const since = this.#waitingSince;
    this.#order.push(packet);
    if (this.#order.waiting > 0 && since !== undefined && now - since > longestMs) {
      this.#order.skip();
      this.#waitingSince = undefined;
    }
    if (this.#order.waiting === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
  }
}
