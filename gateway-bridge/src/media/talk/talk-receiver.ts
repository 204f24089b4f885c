import { PacketOrder } from "../../protocols/rtp/packet-order.ts";
import { parseRtp, rtpPayloadOffset } from "../../protocols/rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../../protocols/rtp/unwrap.ts";

/** Where a viewer's words go. */
export interface TalkSink extends Disposable {
  /** Takes sound in the talker's codec; the timestamp counts ticks of its clock and never steps back. Never throws. */
  write(data: Buffer, timestamp: number): void;
}

/** Packets that may wait for one that was overtaken: 80 ms of them, with the usual 20 ms each. */
const depth = 4;

/** Hands what a viewer says in RTP to a sink, in order. */
export class TalkReceiver implements Disposable {
  readonly #payloadType: number;
  readonly #sink: TalkSink;
  readonly #timestamps = new CounterUnwrapper(32);
  readonly #order: PacketOrder;
  #last = -1;

  constructor(payloadType: number, sink: TalkSink) {
    this.#payloadType = payloadType;
    this.#sink = sink;
    this.#order = new PacketOrder(depth, ({ timestamp, payload }) => {
      const at = this.#timestamps.next(timestamp);
      if (at <= this.#last) return;
      this.#last = at;
      this.#sink.write(payload, at);
    });
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
}
