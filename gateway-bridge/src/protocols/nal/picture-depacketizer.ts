import { PacketOrder } from "../rtp/packet-order.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../rtp/unwrap.ts";
import type { NalRules } from "./nal-rules.ts";
import { PictureAssembly } from "./picture-assembly.ts";
import type { PictureBuffer } from "./picture-memory.ts";

/** Every NAL unit of one picture, whole and without start codes, in the order of decoding. */
export interface CodedPicture {
  /** Ticks of the RTP clock, unwrapped; `timestamp >>> 0` is what was on the wire. */
  readonly timestamp: number;
  /** Decoding can start here, and the picture is there from its first slice on. */
  readonly key: boolean;
  readonly nals: readonly Buffer[];
  /** Sum of the NAL units' lengths. */
  readonly bytes: number;
  /** What the NAL units lie in, and nothing else. */
  readonly memory: PictureBuffer;
}

export interface DepacketizerOptions {
  /** Packets that may wait for a missing one; 0 where the transport keeps the order, as interleaved RTSP does. 16 unless told. */
  readonly reorder?: number;
  /** Packets of other payload types are left out; all are taken unless told. */
  readonly payloadType?: number;
  /** Longest picture in bytes; a longer one is dropped. 5 MiB unless told. */
  readonly maxBytes?: number;
}

const none: readonly CodedPicture[] = [];

/**
 * Puts pictures together from RTP packets by a codec's rules. Never throws, whatever the packets hold.
 *
 * A picture ends with the marker or with the next timestamp. A picture with missing or malformed parts is dropped and counted;
 * those after it are delivered even though they may refer to it: most of what they show is right, and to wait for the next key
 * picture would freeze the view for seconds. Whoever wants nothing but clean pictures watches `lost` and waits for `key`.
 */
export class PictureDepacketizer {
  readonly #rules: NalRules;
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

  constructor(rules: NalRules, options: DepacketizerOptions = {}) {
    this.#rules = rules;
    this.#order = new PacketOrder(options.reorder ?? 16, (packet, gap) => this.#accept(packet, gap));
    this.#payloadType = options.payloadType;
    this.#assembly = new PictureAssembly(rules, options.maxBytes ?? 5 * 1024 * 1024);
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
    if (this.#isForeign(packet) || packet.end === packet.start) return;
    const timestamp = this.#timestamps.next(packet.timestamp);
    if (timestamp !== this.#timestamp) this.#turnTo(timestamp);
    this.#gap = false;
    if (!this.#damaged && !this.#rules.takePayload(packet, this.#assembly)) this.#damage();
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
      const { nals, bytes, key, memory } = this.#assembly.take();
      this.#completed.push({ timestamp: this.#timestamp ?? 0, key, nals, bytes, memory });
    }
    this.#damaged = false;
    this.#suspect = false;
    this.#counted = false;
  }
}
