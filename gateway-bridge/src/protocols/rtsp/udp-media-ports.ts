import { GatehouseError, isError, systemCode, type Cancellable, type Clock } from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

import { rtpHeaderSize } from "../rtp/rtp-packet.ts";
import type { Arrival } from "./intake.ts";
import type { MediaInlet } from "./media-channels.ts";

export interface UdpRoute {
  readonly clock: Clock;
  /** Own address on the way to the camera. */
  readonly local: string;
  /** The only one that is listened to, and sent to. */
  readonly camera: string;
}

export interface ServerPorts {
  readonly rtpPort: number | undefined;
  readonly rtcpPort: number | undefined;
}

/** A key picture of a 4K camera comes in one burst; Linux gives what its `rmem_max` allows. */
const receiveBufferBytes = 1024 * 1024;
const mostPairs = 16;

/** An even port for one track's RTP and the odd one above it for its RTCP. RFC 3550 11 */
export class UdpMediaPorts implements Disposable {
  readonly #clock: Clock;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #camera: string;
  #ports: ServerPorts = { rtpPort: undefined, rtcpPort: undefined };

  private constructor([rtp, rtcp]: readonly [Socket, Socket], { clock, camera }: UdpRoute) {
    this.#clock = clock;
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#camera = camera;
    // A port nobody listens at shows as an error of the socket that sent; the stream's silence says enough.
    for (const socket of [rtp, rtcp]) socket.on("error", () => undefined);
  }

  /** @throws GatehouseError `camera-fault` where no two ports are free */
  static async open(route: UdpRoute, { signal }: Cancellable): Promise<UdpMediaPorts> {
    for (let round = 0; round < mostPairs; round += 1) {
      signal.throwIfAborted();
      const pair = await bindPair(route.local);
      if (pair !== undefined) return new UdpMediaPorts(pair, route);
    }
    throw new GatehouseError("camera-fault", "no two neighbouring UDP ports are free on this machine");
  }

  /** The even one. */
  get port(): number {
    return this.#rtp.address().port;
  }

  /** Takes what the camera's address sends, from any of its ports; what others send is not even looked at. */
  connect(ports: ServerPorts, inlet: MediaInlet): void {
    this.#ports = ports;
    const arrival = (): Arrival => ({ at: this.#clock.monotonic(), prompt: true });
    const camera = bare(this.#camera);
    this.#rtp.on("message", (bytes, { address }) => {
      if (bare(address) === camera) inlet.packet(bytes, arrival());
    });
    this.#rtcp.on("message", (bytes, { address }) => {
      if (bare(address) === camera) inlet.control(bytes, arrival());
    });
    this.#punch();
  }

  sendPacket(bytes: Buffer): void {
    this.#send(this.#rtp, this.#ports.rtpPort, bytes);
  }

  sendControl(bytes: Buffer): void {
    this.#send(this.#rtcp, this.#ports.rtcpPort, bytes);
  }

  [Symbol.dispose](): void {
    this.#rtp.close();
    this.#rtcp.close();
  }

  /** Firewalls let in what answers: an empty RTP packet, and an empty receiver report, open the way. */
  #punch(): void {
    const packet = Buffer.alloc(rtpHeaderSize);
    packet.writeUInt8(0x80, 0);
    this.sendPacket(packet);
    this.sendControl(Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0]));
  }

  #send(socket: Socket, port: number | undefined, bytes: Buffer): void {
    // What cannot be sent is lost, as anything may be that goes by UDP.
    if (port !== undefined) socket.send(bytes, port, this.#camera, () => undefined);
  }
}

/** Two neighbouring ports, the even one first; undefined where the neighbour of the one that was given is taken. */
const bindPair = async (address: string): Promise<readonly [Socket, Socket] | undefined> => {
  const first = await bind(address, 0);
  const { port } = first.address();
  try {
    const second = await bind(address, port ^ 1);
    return port % 2 === 0 ? [first, second] : [second, first];
  } catch (error) {
    first.close();
    if (systemCode(error) === "EADDRINUSE" || systemCode(error) === "EACCES") return undefined;
    throw error;
  }
};

const bind = async (address: string, port: number): Promise<Socket> => {
  const socket = createSocket({ type: isIPv6(address) ? "udp6" : "udp4", recvBufferSize: receiveBufferBytes });
  try {
    socket.bind({ port, address, exclusive: true });
    await once(socket, "listening");
    return socket;
  } catch (error) {
    socket.close();
    throw isError(error) ? error : new Error("a UDP port could not be had");
  }
};

/** Without the zone of a link-local address, and without IPv6's clothes on an IPv4 address: only one side may wear them. */
const bare = (address: string): string => address.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
