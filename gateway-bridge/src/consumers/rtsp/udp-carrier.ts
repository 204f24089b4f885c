import { GatehouseError, systemCode, type Clock } from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";

import { PacketPace } from "../../media/pace/packet-pace.ts";
import { packetsOf } from "../../protocols/rtsp-server/interleaved-packets.ts";
import type { Carrier } from "./carrier.ts";

export interface UdpCarrierOptions {
  /** The reader's end of the RTSP connection: media goes to that address and to no other. */
  readonly peer: { readonly address: string; readonly rtpPort: number; readonly rtcpPort: number };
  /** Our end of the RTSP connection, which the media comes from too. */
  readonly local: string;
  readonly clock: Clock;
  /** The reader sent a report. */
  readonly onHeard: () => void;
  /** The reader sent a packet of the track, where it is one that it may send on. */
  readonly onPacket?: ((packet: Buffer) => void) | undefined;
  /** Everything is out again after `send` returned false. Never called from within `send`. */
  readonly onRoom: () => void;
}

/** What may wait in the system. */
const maxQueuedBytes = 1024 * 1024;
const retryMs = 5;
const maxTries = 16;

/** Carries a track in datagrams to the reader that holds the RTSP connection, paced so that a large picture does not drown its queue. */
export class UdpCarrier implements Carrier {
  readonly reliable = false;
  readonly channel = 0;
  readonly transport: string;
  readonly #options: UdpCarrierOptions;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #pace = new PacketPace();
  readonly #waiting: Buffer[] = [];
  #next: Disposable | undefined;
  #closed = false;

  private constructor(options: UdpCarrierOptions, [rtp, rtcp]: readonly [Socket, Socket]) {
    this.#options = options;
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    const { rtpPort, rtcpPort } = options.peer;
    const ports = `${rtp.address().port}-${rtcp.address().port}`;
    this.transport = `RTP/AVP;unicast;client_port=${rtpPort}-${rtcpPort};server_port=${ports}`;
    rtcp.on("message", options.onHeard);
    if (options.onPacket !== undefined) rtp.on("message", options.onPacket);
  }

  /** @throws GatehouseError `internal` where there are no two ports */
  static async open(options: UdpCarrierOptions): Promise<UdpCarrier> {
    using opening = new DisposableStack();
    const pair = await bindPair(options.local);
    for (const socket of pair) opening.defer(() => socket.close());
    const { address, rtpPort, rtcpPort } = options.peer;
    await Promise.all([connect(pair[0], address, rtpPort), connect(pair[1], address, rtcpPort)]);
    opening.move();
    return new UdpCarrier(options, pair);
  }

  /** Datagrams are views of it, and go out one after the other. */
  memory(size: number): Buffer {
    return Buffer.allocUnsafe(size);
  }

  send(packets: Buffer): boolean {
    this.#waiting.push(...packetsOf(packets));
    return this.#flush();
  }

  sendReport(report: Buffer): void {
    if (!this.#closed) this.#rtcp.send(report, ignore);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#next?.[Symbol.dispose]();
    this.#waiting.length = 0;
    this.#rtp.close();
    this.#rtcp.close();
  }

  /** Whether everything is out. */
  #flush(): boolean {
    if (this.#closed || this.#waiting.length === 0) return true;
    this.#next?.[Symbol.dispose]();
    const { clock, onRoom } = this.#options;
    const full = this.#rtp.getSendQueueSize() > maxQueuedBytes;
    const allowed = full ? 0 : this.#pace.take(this.#waiting.length, clock.monotonic());
    for (const packet of this.#waiting.splice(0, allowed)) this.#rtp.send(packet, ignore);
    if (this.#waiting.length === 0) return true;
    this.#next = clock.schedule(full ? retryMs : this.#pace.waitMs(this.#waiting.length), () => {
      if (this.#flush()) onRoom();
    });
    return false;
  }
}

/** Nobody listens at a port for a moment, or for good: the session's timeout tells them apart. */
const ignore = (): void => undefined;

/** An even port and the next one. RFC 3550 11 */
const bindPair = async (address: string): Promise<readonly [Socket, Socket]> => {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const first = await bind(address, 0);
    const { port } = first.address();
    const second = port % 2 === 0 ? await bind(address, port + 1).catch(() => undefined) : undefined;
    if (second !== undefined) return [first, second];
    first.close();
  }
  throw new GatehouseError("internal", "there are no two free UDP ports side by side");
};

const bind = (address: string, port: number): Promise<Socket> =>
  settle(createSocket(isIPv6(address) ? "udp6" : "udp4"), "listening", (socket) => socket.bind({ address, port }));

const connect = (socket: Socket, address: string, port: number): Promise<Socket> =>
  settle(socket, "connect", () => socket.connect(port, address));

const settle = (socket: Socket, event: "listening" | "connect", act: (socket: Socket) => void): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const failed = (cause: Error): void => {
      if (event === "listening") socket.close();
      reject(new GatehouseError("internal", `no UDP socket: ${systemCode(cause) ?? "failed"}`, { cause }));
    };
    socket.once("error", failed);
    act(socket);
    socket.once(event, () => {
      socket.off("error", failed);
      // ECONNREFUSED of a reader that has gone.
      if (event === "connect") socket.on("error", ignore);
      resolve(socket);
    });
  });
