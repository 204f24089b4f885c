import { PacketOrder } from "../../protocols/rtp/packet-order.ts";
import { parseRtp, rtpPayloadOffset, type RtpPacket } from "../../protocols/rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../../protocols/rtp/unwrap.ts";

/** Where a viewer's words go. */
export interface TalkSink extends Disposable {
  /** Takes sound in the talker's codec; the timestamp counts ticks of its clock and never steps back. Never throws. */
  write(data: Buffer, timestamp: number): void;
}

/** Packets that may wait for one that was overtaken: 80 ms of them, with the usual 20 ms each. */
const depth = 4;

/**
 * Hands what a viewer says in RTP to a sink, in order. A viewer may begin anew, under another SSRC or at another time: for the sink its
 * time goes on.
 */
export class TalkReceiver implements Disposable {
  readonly #payloadType: number;
  readonly #sink: TalkSink;
  readonly #order = new PacketOrder(depth, (packet) => this.#handOn(packet));
  #timestamps = new CounterUnwrapper(32);
  #ssrc: number | undefined;
  /** From the viewer's time to the sink's. */
  #shift = 0;
  #last = -1;
  /** Ticks of the shortest packet. */
  #step = Number.POSITIVE_INFINITY;

  constructor(payloadType: number, sink: TalkSink) {
    this.#payloadType = payloadType;
    this.#sink = sink;
  }

  /** Takes an authentic packet; one that is damaged, or of another type, is left out. */
  receive(bytes: Buffer): void {
    if (rtpPayloadOffset(bytes) === undefined) return;
    try {
      const packet = parseRtp(bytes);
      if (packet.payloadType === this.#payloadType && packet.payload.length > 0) this.#order.push(packet);
    } catch {
      // Its padding is longer than itself.
    }
  }

  [Symbol.dispose](): void {
    this.#sink[Symbol.dispose]();
  }

  #handOn({ ssrc, timestamp, payload }: RtpPacket): void {
    const at = this.#timestamps.next(timestamp) + this.#shift;
    const isFirst = this.#ssrc === undefined;
    if (isFirst || (ssrc === this.#ssrc && at > this.#last)) {
      if (!isFirst) this.#step = Math.min(this.#step, at - this.#last);
      this.#last = at;
    } else this.#last = this.#resume(timestamp);
    this.#ssrc = ssrc;
    this.#sink.write(payload, this.#last);
  }

  /** Lets a time that begins anew follow on the last. */
  #resume(timestamp: number): number {
    const at = this.#last + (Number.isFinite(this.#step) ? this.#step : 1);
    this.#timestamps = new CounterUnwrapper(32);
    this.#shift = at - this.#timestamps.next(timestamp);
    return at;
  }
}
