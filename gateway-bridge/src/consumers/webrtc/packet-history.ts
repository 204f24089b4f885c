import type { OutgoingPacket } from "./peer-connection.ts";

/** Some two seconds of a picture of 4 Mbit/s. A power of two, so that sequence numbers wrap evenly over it. */
const size = 1_024;
/** A packet is not sent again within this time: what was asked for twice is on its way. */
const pauseMs = 25;

interface Kept {
  readonly packet: OutgoingPacket;
  resentAt: number;
}

/** The newest packets of one track, to be sent again. Their payloads are shared with other viewers, so little is held. */
export class PacketHistory {
  readonly #kept = new Array<Kept | undefined>(size);

  add(packet: OutgoingPacket): void {
    this.#kept[packet.sequence % size] = { packet, resentAt: -Infinity };
  }

  /** The packet, unless it is too old or was just asked for. `now` is Clock.monotonic(). */
  take(sequence: number, now: number): OutgoingPacket | undefined {
    const kept = this.#kept[sequence % size];
    if (kept?.packet.sequence !== sequence || now - kept.resentAt < pauseMs) return undefined;
    kept.resentAt = now;
    return kept.packet;
  }
}
