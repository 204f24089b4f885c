import type { AudioUnit } from "../domain/access-unit.ts";
import { PacketOrder } from "../protocols/rtp/packet-order.ts";
import type { RtpPacket } from "../protocols/rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../protocols/rtp/unwrap.ts";
import type { Unpacker } from "../protocols/rtp/unpacker.ts";

export interface SoundLaneOptions {
  readonly unpacker: Unpacker;
  /** Packets of other payload types are left out. */
  readonly payloadType: number;
  readonly write: (unit: AudioUnit) => void;
}

/** Makes units of sound of the packets of one track, which come in order. Never throws. */
export class SoundLane {
  readonly #unpacker: Unpacker;
  readonly #payloadType: number;
  readonly #write: (unit: AudioUnit) => void;
  readonly #order = new PacketOrder(0, (packet, gap) => this.#accept(packet, gap));
  readonly #timestamps = new CounterUnwrapper(32);
  #arrivedAt = 0;
  /** A gap lies before the next packet of our payload type. */
  #gap = false;

  constructor({ unpacker, payloadType, write }: SoundLaneOptions) {
    this.#unpacker = unpacker;
    this.#payloadType = payloadType;
    this.#write = write;
  }

  /** Pieces of sound that had to be left out. */
  get damaged(): number {
    return this.#unpacker.damaged;
  }

  /** @param arrivedAt Clock.monotonic() */
  push(packet: RtpPacket, arrivedAt: number): void {
    // Of the same source it has a number among ours, so that leaving it out here would look like loss.
    if (packet.payloadType !== this.#payloadType && packet.ssrc !== this.#order.ssrc) return;
    this.#arrivedAt = arrivedAt;
    this.#order.push(packet);
  }

  #accept(packet: RtpPacket, gap: boolean): void {
    this.#gap ||= gap;
    const { payload, marker } = packet;
    if (packet.payloadType !== this.#payloadType || payload.length === 0) return;
    const timestamp = this.#timestamps.next(packet.timestamp);
    const units = this.#unpacker.unpack({ payload, marker, timestamp, gap: this.#gap });
    this.#gap = false;
    for (const { offset, data } of units) {
      const arrivedAt = this.#arrivedAt;
      this.#write({ kind: "audio", timestamp: timestamp + offset, data, bytes: data.length, arrivedAt });
    }
  }
}
