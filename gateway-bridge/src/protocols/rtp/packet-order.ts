import type { RtpPacket } from "./rtp-packet.ts";
import { nearestTo } from "./unwrap.ts";

/** Takes packets in order. `gap` says that at least one before this one is missing. */
export type OrderedSink = (packet: RtpPacket, gap: boolean) => void;

/** A packet that comes back by more is no late one: the source has restarted its numbers. RFC 3550 A.1 */
const maxMisorder = 100;

/**
 * Puts packets of one source in order: duplicates and late ones are left out, early ones wait for what is missing until
 * `depth` of them wait. Another source, or numbers that begin anew, are followed from the second packet in a row: cameras let
 * stray packets of old sessions slip in. A packet's payload must not change while it waits.
 */
export class PacketOrder {
  readonly #depth: number;
  readonly #sink: OrderedSink;
  #ssrc: number | undefined;
  /** Unwrapped number of the packet that comes next. */
  #next = 0;
  /** By unwrapped number. */
  readonly #waiting = new Map<number, RtpPacket>();
  /** What may be the first packet of another source, or of numbers that begin anew. */
  #doubted: RtpPacket | undefined;

  /** @param depth 0 where the transport keeps the order, as interleaved RTSP does */
  constructor(depth: number, sink: OrderedSink) {
    this.#depth = depth;
    this.#sink = sink;
  }

  /** The source that is followed; undefined before the first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** How many packets wait for one before them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  push(packet: RtpPacket): void {
    if (this.#ssrc === undefined) this.#begin(packet, false);
    else if (packet.ssrc !== this.#ssrc) this.#doubt(packet);
    else {
      const sequence = nearestTo(this.#next - 1, packet.sequence, 16);
      if (sequence === this.#next) this.#deliver(sequence, packet, false);
      else if (sequence > this.#next) this.#wait(sequence, packet);
      else if (this.#next - sequence > maxMisorder) this.#doubt(packet);
    }
  }

  #begin(packet: RtpPacket, gap: boolean): void {
    this.#waiting.clear();
    this.#ssrc = packet.ssrc;
    this.#deliver(packet.sequence, packet, gap);
  }

  #doubt(packet: RtpPacket): void {
    const before = this.#doubted;
    // It waits beyond this call, and the memory that it came in does not.
    this.#doubted = packet.keep();
    if (before?.ssrc !== packet.ssrc || packet.sequence !== ((before.sequence + 1) & 0xffff)) return;
    this.#begin(before, true);
    this.push(packet);
  }

  #deliver(sequence: number, packet: RtpPacket, gap: boolean): void {
    this.#next = sequence + 1;
    this.#doubted = undefined;
    this.#sink(packet, gap);
    if (this.#waiting.size > 0) this.#release();
  }

  #release(): void {
    const packet = this.#waiting.get(this.#next);
    if (packet === undefined) return;
    this.#waiting.delete(this.#next);
    this.#deliver(this.#next, packet, false);
  }

  #wait(sequence: number, packet: RtpPacket): void {
    this.#waiting.set(sequence, packet);
    if (this.#waiting.size > this.#depth) this.skip();
  }

  /** Gives up what is missing before the oldest packet that waits, if one does. */
  skip(): void {
    const oldest = Math.min(...this.#waiting.keys());
    const first = this.#waiting.get(oldest);
    if (first === undefined) return;
    this.#waiting.delete(oldest);
    this.#deliver(oldest, first, true);
  }
}
