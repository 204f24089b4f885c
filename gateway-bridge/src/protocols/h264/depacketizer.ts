import { PacketOrder } from "../rtp/packet-order.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../rtp/unwrap.ts";
import { nalTypes } from "./nal.ts";
import { PictureAssembly } from "./picture-assembly.ts";

/** Every NAL unit of one picture, whole and without start codes, in the order of decoding. */
export interface CodedPicture {
  /** Ticks of the RTP clock, unwrapped; `timestamp >>> 0` is what was on the wire. */
  readonly timestamp: number;
  /** Holds an IDR picture from its first slice on. */
  readonly key: boolean;
  readonly nals: readonly Buffer[];
  /** Sum of the NAL units' lengths. */
  readonly bytes: number;
}

export interface H264DepacketizerOptions {
  /** Packets that may wait for a missing one; 0 where the transport keeps the order, as interleaved RTSP does. 16 unless told. */
  readonly reorder?: number;
  /** Packets of other payload types are left out; all are taken unless told. */
  readonly payloadType?: number;
  /** Longest picture in bytes; a longer one is dropped. 5 MiB unless told. */
  readonly maxBytes?: number;
}

const none: readonly CodedPicture[] = [];

/**
 * Puts pictures together from packets of RFC 6184, packetization modes 0 and 1. Never throws, whatever the packets hold.
 *
 * A picture ends with the marker or with the next timestamp. A picture with missing or malformed parts is dropped and counted;
 * those after it are delivered even though they may refer to it: most of what they show is right, and to wait for the next key
 * picture would freeze the view for seconds. Whoever wants nothing but clean pictures watches `lost` and waits for `key`.
 */
export class H264Depacketizer {
  readonly #order: PacketOrder;
  readonly #payloadType: number | undefined;
  readonly #timestamps = new CounterUnwrapper(32);
  readonly #assembly: PictureAssembly;
  #completed: CodedPicture[] = [];
  #timestamp: number | undefined;
  /** Something of the present picture is known to be missing or wrong. */
  #damaged = false;
  /** The present picture may lack its beginning: it follows a gap, or is the first. */
  #suspect = true;
  /** The gap before the present picture is among the lost already. */
  #counted = true;
  /** A gap lies before the packet at hand. */
  #gap = false;
  /** The picture that a marker ended last. */
  #markedTimestamp: number | undefined;
  /** False for a camera that sets the marker on every slice. */
  #markerEndsPicture = true;
  #lost = 0;

  constructor(options: H264DepacketizerOptions = {}) {
    this.#order = new PacketOrder(options.reorder ?? 16, (packet, gap) => this.#accept(packet, gap));
    this.#payloadType = options.payloadType;
    this.#assembly = new PictureAssembly(options.maxBytes ?? 5 * 1024 * 1024);
  }

  /** Pictures known to be lost: dropped because they were damaged, or at least one for a gap between two whole ones. */
  get lost(): number {
    return this.#lost;
  }

  /** The pictures that this packet completes; mostly none. The packet's payload is not held, unless it waits for an earlier packet. */
  push(packet: RtpPacket): readonly CodedPicture[] {
    // Of the same source it has a number among ours, so that leaving it out here would look like loss.
    if (this.#isForeign(packet) && packet.ssrc !== this.#order.ssrc) return none;
    this.#order.push(packet);
    if (this.#completed.length === 0) return none;
    const completed = this.#completed;
    this.#completed = [];
    return completed;
  }

  #isForeign({ payloadType }: RtpPacket): boolean {
    return this.#payloadType !== undefined && payloadType !== this.#payloadType;
  }

  #accept(packet: RtpPacket, gap: boolean): void {
    if (gap) this.#noteGap();
    this.#gap ||= gap;
    if (this.#isForeign(packet) || packet.payload.length === 0) return;
    const timestamp = this.#timestamps.next(packet.timestamp);
    if (timestamp !== this.#timestamp) this.#turnTo(timestamp);
    this.#gap = false;
    if (!this.#damaged && !this.#take(packet.payload)) this.#damage();
    if (packet.marker) this.#mark();
  }

  #damage(): void {
    this.#damaged = true;
    this.#assembly.clear();
  }

  #noteGap(): void {
    if (this.#damaged) return;
    if (this.#assembly.hasSlice || this.#assembly.isOpen) {
      this.#damage();
      this.#counted = false;
      return;
    }
    this.#suspect = true;
    if (!this.#counted) this.#lost += 1;
    this.#counted = true;
  }

  /** Parameter sets that come with a timestamp of their own belong to the picture after them. */
  #turnTo(timestamp: number): void {
    // Without a gap nothing is missing: a fragmented NAL unit ends here even if the camera never said so.
    if (!this.#assembly.end()) this.#damage();
    if (this.#damaged || this.#assembly.hasSlice) this.#finish();
    if (this.#gap) this.#suspect = true;
    this.#timestamp = timestamp;
  }

  #mark(): void {
    if (!this.#assembly.end()) this.#damage();
    if (this.#damaged) this.#finish();
    // Some cameras set the marker on parameter sets too; the picture is still to come.
    else if (this.#assembly.hasSlice && this.#markerEndsPicture) {
      this.#finish();
      this.#markedTimestamp = this.#timestamp;
    }
  }

  #finish(): void {
    const whole = this.#assembly.isWhole;
    if (this.#damaged || (this.#suspect && !whole)) {
      if (!this.#counted) this.#lost += 1;
      this.#assembly.clear();
    } else {
      if (!whole && this.#timestamp === this.#markedTimestamp) this.#markerEndsPicture = false;
      this.#completed.push({ timestamp: this.#timestamp ?? 0, ...this.#assembly.take() });
    }
    this.#damaged = false;
    this.#suspect = false;
    this.#counted = false;
  }

  /** Takes one payload into the picture; false when it is damaged by it. */
  #take(payload: Buffer): boolean {
    const type = payload.readUInt8(0) & 0x1f;
    if (type < nalTypes.stapA) return this.#assembly.add(payload);
    if (type === nalTypes.fuA) return this.#takeFragment(payload);
    if (type === nalTypes.stapA) return this.#takeAggregate(payload);
    // RFC 6184 5.2: 30 and 31 are undefined and ignored; the others belong to the interleaved mode.
    return type >= 30;
  }

  // RFC 6184 5.8
  #takeFragment(payload: Buffer): boolean {
    if (payload.length < 2) return false;
    const header = payload.readUInt8(1);
    if ((header & 0x80) !== 0 && !this.#assembly.begin((payload.readUInt8(0) & 0xe0) | (header & 0x1f))) return false;
    if (!this.#assembly.append(payload.subarray(2))) return false;
    return (header & 0x40) === 0 || this.#assembly.end();
  }

  // RFC 6184 5.7.1
  #takeAggregate(payload: Buffer): boolean {
    let at = 1;
    while (at + 2 <= payload.length) {
      const end = at + 2 + payload.readUInt16BE(at);
      if (end > payload.length) return false;
      if (!this.#assembly.add(payload.subarray(at + 2, end))) return false;
      at = end;
    }
    return true;
  }
}
