import type { Socket } from "node:net";

import { interleave } from "../../protocols/rtsp-server/interleaved-packets.ts";
import type { ChannelPair } from "../../protocols/rtsp-server/transport-offer.ts";
import type { Carrier } from "./carrier.ts";

/** Carries a track on the RTSP connection itself. RFC 2326 10.12 */
export class InterleavedCarrier implements Carrier {
  readonly reliable = true;
  readonly channel: number;
  readonly transport: string;
  readonly #socket: Socket;
  readonly #channels: ChannelPair;

  constructor(socket: Socket, channels: ChannelPair) {
    this.#socket = socket;
    this.#channels = channels;
    this.channel = channels.rtp;
    this.transport = `RTP/AVP/TCP;unicast;interleaved=${channels.rtp}-${channels.rtcp}`;
  }

  send(packets: Buffer): boolean {
    if (!this.#socket.writable) return true;
    // What a socket takes whole counts as out, even where it is more than its mark.
    return this.#socket.write(packets) || this.#socket.writableLength === 0;
  }

  sendReport(report: Buffer): void {
    if (this.#socket.writable) this.#socket.write(interleave(this.#channels.rtcp, report));
  }

  [Symbol.dispose](): void {
    // The connection outlives its session.
  }
}
