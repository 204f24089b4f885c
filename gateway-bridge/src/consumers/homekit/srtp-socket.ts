import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { once } from "node:events";

import { GatehouseError, isGatehouseError, type Cancellable, type Logger } from "@gatehouse/shared";

import { parseRtcp, type RtcpPacket } from "../../protocols/rtp/rtcp.ts";
import { isRtcp } from "../../protocols/rtp/rtp-packet.ts";
import { drawSrtpMaster, type SrtpMaster } from "../../protocols/srtp/srtp-key.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "../../protocols/srtp/srtcp.ts";
import { SrtpDecryptor } from "../../protocols/srtp/srtp-decryptor.ts";
import { plainAddress, type Family } from "../../domain/viewer-address-policy.ts";

export interface SrtpSocketOptions {
  readonly family: Family;
  /** The viewer's, with a zone where it needs one. */
  readonly address: string;
  readonly port: number;
  /** Local address; undefined leaves the choice to the routing table. */
  readonly bind: string | undefined;
  /** The viewer's key: what it sends is authenticated with it. */
  readonly theirs: SrtpMaster;
  readonly log: Logger;
}

/** Room for the burst of a key picture. */
const sendBufferSize = 1024 * 1024;

/**
 * A UDP socket for one track of one viewer, RTP and RTCP both ways on one port. It is connected: the system itself
 * drops what others send to it. Key and source of what it sends are drawn when it opens.
 */
export class SrtpSocket implements Disposable {
  readonly ssrc: number = randomBytes(4).readUInt32BE();
  readonly master: SrtpMaster = drawSrtpMaster();
  /** Takes authentic control packets, each once. */
  onRtcp: ((packets: readonly RtcpPacket[]) => void) | undefined;
  /** Takes authentic media packets, each once. */
  onRtp: ((packet: Buffer) => void) | undefined;
  /** Called when datagrams had to wait in the system and all are out. */
  onDrained: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #encryptor = new SrtcpEncryptor(this.master);
  readonly #log: Logger;
  #waited = false;
  #unreachable = 0;

  private constructor(socket: Socket, { theirs, log }: SrtpSocketOptions) {
    this.#socket = socket;
    this.#log = log;
    const control = new SrtcpDecryptor(theirs);
    const media = new SrtpDecryptor(theirs);
    socket.on("message", (datagram: Buffer) => {
      if (isRtcp(datagram)) {
        const compound = control.unprotect(datagram);
        if (compound !== undefined) this.onRtcp?.(parseRtcp(compound));
      } else if (this.onRtp !== undefined) {
        const packet = media.unprotect(datagram);
        if (packet !== undefined) this.onRtp(packet);
      }
    });
    // A viewer that is gone answers by ICMP. Whether it is gone for good is told by its silence.
    socket.on("error", () => (this.#unreachable += 1));
  }

  /**
   * @throws GatehouseError `viewer-address-refused` when nothing can be sent there, `request-invalid` for a key of the
   * wrong size
   */
  static async open(options: SrtpSocketOptions, { signal }: Cancellable): Promise<SrtpSocket> {
    const { family, address, port, bind } = options;
    signal.throwIfAborted();
    const ipv6 = family === "ipv6";
    const socket = createSocket({ type: ipv6 ? "udp6" : "udp4", ipv6Only: ipv6, sendBufferSize });
    try {
      if (bind !== undefined) {
        socket.bind({ address: bind, port: 0, exclusive: true });
        await once(socket, "listening", { signal });
      }
      socket.connect(port, address);
      await once(socket, "connect", { signal });
      return new SrtpSocket(socket, options);
    } catch (cause) {
      socket.close();
      signal.throwIfAborted();
      if (isGatehouseError(cause)) throw cause;
      throw new GatehouseError("viewer-address-refused", "This box cannot send to the viewer's address from here.", {
        cause,
      });
    }
  }

  /** Where media comes from. */
  get local(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#socket.address();
    return { address: plainAddress(address)?.address ?? address, port };
  }

  /** Datagrams that the system has not taken yet; they must stay unchanged. */
  get queued(): number {
    return this.#socket.getSendQueueCount();
  }

  /** Sends in order. A callback costs as much as enciphering does, and the last one's tells of all. */
  send(datagrams: readonly Buffer[]): void {
    const last = datagrams.length - 1;
    datagrams.forEach((datagram, index) => {
      if (index === last) this.#socket.send(datagram, this.#sent);
      else this.#socket.send(datagram);
    });
    if (this.queued > 0) this.#waited = true;
  }

  /** Enciphers and sends a compound control packet. */
  sendRtcp(compound: Buffer): void {
    this.send([this.#encryptor.protect(compound)]);
  }

  [Symbol.dispose](): void {
    this.onDrained = undefined;
    this.onRtcp = undefined;
    this.onRtp = undefined;
    if (this.#unreachable > 0) this.#log.debug("viewer's port was unreachable", { times: this.#unreachable });
    this.#socket.close();
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#unreachable += 1;
    if (!this.#waited || this.onDrained === undefined || this.queued > 0) return;
    this.#waited = false;
    this.onDrained();
  };
}
