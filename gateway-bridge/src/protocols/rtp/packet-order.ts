import type { RtpPacket } from "./rtp-packet.ts";
import { CounterUnwrapper } from "./unwrap.ts";

/** Takes packets in order. `gap` says that at least one before this one is missing. */
export type OrderedSink = (packet: RtpPacket, gap: boolean) => void;

/** A packet that comes back by more is no late one: the source has restarted its numbers. RFC 3550 A.1 */
const maxMisorder = 100;

/**
 * Puts packets of one source in order: duplicates and late ones are left out, early ones wait for what is missing until
 * `depth` of them wait. A packet's payload must not change while it waits.
 */
export class PacketOrder {
  readonly #depth: number;
  readonly #sink: OrderedSink;
  #sequences = new CounterUnwrapper(16);
  #ssrc: number | undefined;
  /** Unwrapped number of the packet that comes next. */
  #next = 0;
  /** By unwrapped number. */
  readonly #waiting = new Map<number, RtpPacket>();
  /** The number that would confirm a restart. */
  #restart = -1;

  /** @param depth 0 where the transport keeps the order, as interleaved RTSP does */
  constructor(depth: number, sink: OrderedSink) {
    this.#depth = depth;
    this.#sink = sink;
  }

  push(packet: RtpPacket): void {
    if (packet.ssrc !== this.#ssrc) {
      this.#begin(packet);
      return;
    }
    const sequence = this.#sequences.peek(packet.sequence);
    if (sequence === this.#next) this.#deliver(sequence, packet, false);
    else if (sequence > this.#next) this.#wait(sequence, packet);
    else this.#late(sequence, packet);
  }

  #begin(packet: RtpPacket): void {
    const gap = this.#ssrc !== undefined;
    this.#waiting.clear();
    this.#sequences = new CounterUnwrapper(16);
    this.#ssrc = packet.ssrc;
    this.#deliver(packet.sequence, packet, gap);
  }

  #deliver(sequence: number, packet: RtpPacket, gap: boolean): void {
    this.#sequences.next(packet.sequence);
    this.#next = sequence + 1;
    this.#restart = -1;
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
    if (this.#waiting.size <= this.#depth) return;
    const oldest = Math.min(...this.#waiting.keys());
    const first = this.#waiting.get(oldest);
    if (first === undefined) return;
    this.#waiting.delete(oldest);
    this.#deliver(oldest, first, true);
  }

  #late(sequence: number, packet: RtpPacket): void {
    if (this.#next - sequence <= maxMisorder) return;
    if (packet.sequence === this.#restart) this.#begin(packet);
    else this.#restart = (packet.sequence + 1) & 0xffff;
  }
}
