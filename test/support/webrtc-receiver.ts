import type { Socket } from "node:dgram";
import { RTCPeerConnection, useH264, useOPUS, usePCMU, type RTCDtlsTransport, type RTCRtpTransceiver } from "werift";

import { isRtcp, parseRtp, type RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { makeRoom } from "./make-room.ts";

export interface ReceiverOptions {
  /** Has no other address than this box's loopback. */
  readonly loopback?: boolean;
  readonly audio?: "recvonly" | "sendrecv";
  /** What it takes and says; Opus unless told. */
  readonly sound?: "opus" | "pcmu";
}

/** A WebRTC viewer made of werift, which keeps every packet that it gets. */
export class WebRtcReceiver implements AsyncDisposable {
  readonly offer: string;
  readonly packets: RtpPacket[] = [];
  readonly compounds: Buffer[] = [];
  /** Called with each, also those of `packets`. */
  onPacket: (packet: RtpPacket) => void = () => undefined;
  readonly #connection: RTCPeerConnection;
  readonly #audio: RTCRtpTransceiver;

  private constructor(connection: RTCPeerConnection, audio: RTCRtpTransceiver) {
    this.#connection = connection;
    this.#audio = audio;
    this.offer = connection.localDescription?.sdp ?? "";
    const transport = this.#transport;
    for (const socket of socketsOf(transport)) makeRoom(socket);
    transport.onRtp.subscribe((packet) => {
      const parsed = parseRtp(packet.serialize());
      this.packets.push(parsed);
      this.onPacket(parsed);
    });
    transport.onRtcp.subscribe((packet) => this.compounds.push(packet.serialize()));
  }

  static async open({
    loopback = false,
    audio = "recvonly",
    sound = "opus",
  }: ReceiverOptions = {}): Promise<WebRtcReceiver> {
    const only = { iceInterfaceAddresses: { udp4: "127.0.0.1" }, iceAdditionalHostAddresses: ["127.0.0.1"] };
    const connection = new RTCPeerConnection({
      codecs: { video: [useH264()], audio: [sound === "opus" ? useOPUS() : usePCMU()] },
      iceServers: [],
      bundlePolicy: "max-bundle",
      iceUseTcp: false,
      ...(loopback ? { ...only, iceUseIpv6: false } : {}),
    });
    connection.addTransceiver("video", { direction: "recvonly" });
    const transceiver = connection.addTransceiver("audio", { direction: audio });
    await connection.setLocalDescription(await connection.createOffer());
    return new WebRtcReceiver(connection, transceiver);
  }

  get state(): string {
    return this.#connection.connectionState;
  }

  /** Packets from this source. */
  of(ssrc: number): readonly RtpPacket[] {
    return this.packets.filter((packet) => packet.ssrc === ssrc);
  }

  async accept(sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
  }

  /** Sends a compound control packet. */
  async report(compound: Buffer): Promise<void> {
    if (!isRtcp(compound)) throw new Error("that is no control packet");
    const packet = { serialize: () => compound } as Parameters<RTCDtlsTransport["sendRtcp"]>[0][number];
    await this.#transport.sendRtcp([packet]);
  }

  /** Sends an RTP packet of sound. */
  async say(bytes: Buffer): Promise<void> {
    await this.#audio.sender.sendRtp(bytes);
  }

  /** Goes away without a word to anybody. */
  async vanish(): Promise<void> {
    await this.#transport.iceTransport.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const handshake = this.#transport.dtls?.dtls;
    // Or an unfinished handshake is repeated for half a minute more.
    if (handshake !== undefined) handshake.flight = Infinity;
    await this.#connection.close();
  }

  get #transport(): RTCDtlsTransport {
    const [transport] = this.#connection.dtlsTransports;
    if (transport === undefined) throw new Error("the connection has no transport");
    return transport;
  }
}

/** Those that its addresses were made of, which werift shows nobody. */
const socketsOf = ({ iceTransport: { connection } }: RTCDtlsTransport): readonly Socket[] => {
  const { protocols } = connection as unknown as { protocols: readonly { transport: { socket: Socket } }[] };
  return protocols.map(({ transport }) => transport.socket);
};
