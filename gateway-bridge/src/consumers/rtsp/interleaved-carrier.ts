import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

import { interleave } from "../../protocols/rtsp-server/interleaved-packets.ts";
import type { ChannelPair } from "../../protocols/rtsp-server/transport-offer.ts";
import type { Carrier } from "./carrier.ts";
import { WriteMemory } from "./write-memory.ts";

/** One for all readers, because each picture is written whole before the next. */
const shared = new WriteMemory();

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

  /** TLS, and a reader that is behind, hold what they are given until later. */
  memory(size: number): Buffer {
    const taken = !(this.#socket instanceof TLSSocket) && this.#socket.writableLength === 0;
    return taken ? shared.take(size) : Buffer.allocUnsafe(size);
  }

  send(packets: Buffer): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    const room = socket.write(packets);
    // What a socket takes whole counts as out, even where it is more than its mark.
    if (socket.writableLength === 0) return true;
    shared.leave(packets);
    return room;
  }

  sendReport(report: Buffer): void {
    if (this.#socket.writable) this.#socket.write(interleave(this.#channels.rtcp, report));
  }

  [Symbol.dispose](): void {
    // The connection outlives its session.
  }
}
