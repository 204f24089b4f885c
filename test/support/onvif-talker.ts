import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

import { rtpHeaderSize, writeRtpHeader } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import type { RtspResponse } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { parseSdp } from "../../gateway-bridge/src/protocols/sdp/parse-sdp.ts";
import type { SessionDescription } from "../../gateway-bridge/src/protocols/sdp/session-description.ts";
import type { RtspReader } from "./rtsp-reader.ts";

/** ONVIF Streaming 5.3.1: in each request of a client that wants to talk. */
export const Require = "www.onvif.org/ver20/backchannel";

/** One RTP packet of PCMU, as many clients send it. */
export const speechPacket = (
  sequence: number,
  payload: Buffer,
  { payloadType = 0, timestamp = sequence * 160 }: { readonly payloadType?: number; readonly timestamp?: number } = {},
): Buffer => {
  const header = Buffer.alloc(rtpHeaderSize);
  const marker = sequence === 0;
  writeRtpHeader(header, 0, { payloadType, marker, sequence, timestamp: timestamp >>> 0, ssrc: 77 });
  return Buffer.concat([header, payload]);
};

const bind = async (port = 0): Promise<Socket> => {
  const socket = createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

/** An ONVIF client that talks: it finds the way back in the description, sets it up, and says something there. */
export class OnvifTalker {
  readonly #reader: RtspReader;
  readonly #camera: string;
  #rtp: Socket | undefined;
  #serverPort = 0;
  #session = "";
  #sequence = 0;

  constructor(reader: RtspReader, camera: string) {
    this.#reader = reader;
    this.#camera = camera;
  }

  /** A datagram's way; undefined for one within the connection. */
  get socket(): Socket | undefined {
    return this.#rtp;
  }

  get serverPort(): number {
    return this.#serverPort;
  }

  async describe(): Promise<SessionDescription> {
    const answer = await this.#reader.ask("DESCRIBE", this.#camera, { Require });
    if (answer.status !== 200) throw new Error(`DESCRIBE was answered ${answer.status}`);
    return parseSdp(answer.body);
  }

  /** SETUP of the way back, where the description says that it is. */
  async setUp(by: "tcp" | "udp" = "tcp"): Promise<RtspResponse> {
    const { media } = await this.describe();
    const back = media.find(({ kind, direction }) => kind === "audio" && direction === "sendonly");
    if (back?.control === undefined) throw new Error("there is no way back");
    this.#rtp = by === "udp" ? await bind() : undefined;
    const port = this.#rtp?.address().port ?? 0;
    const transport =
      by === "udp" ? `RTP/AVP;unicast;client_port=${port}-${port + 1}` : "RTP/AVP/TCP;unicast;interleaved=6-7";
    const answer = await this.#ask(back.control, transport);
    this.#serverPort = Number(/server_port=(\d+)/.exec(answer.headers.get("transport") ?? "")?.[1] ?? 0);
    return answer;
  }

  /** SETUP of the picture, too. */
  async watch(): Promise<RtspResponse> {
    return this.#ask("trackID=0", "RTP/AVP/TCP;unicast;interleaved=0-1");
  }

  async #ask(control: string, Transport: string): Promise<RtspResponse> {
    const session: Record<string, string> = this.#session === "" ? {} : { Session: this.#session };
    const answer = await this.#reader.ask("SETUP", `${this.#camera}/${control}`, { Transport, Require, ...session });
    this.#session = answer.headers.get("session")?.split(";")[0] ?? "";
    return answer;
  }

  async control(method: "PLAY" | "PAUSE" | "TEARDOWN"): Promise<RtspResponse> {
    return this.#reader.ask(method, `${this.#camera}/`, { Session: this.#session, Require });
  }

  /** SETUP and PLAY. */
  async begin(by: "tcp" | "udp" = "tcp"): Promise<void> {
    for (const answer of [await this.setUp(by), await this.control("PLAY")]) {
      if (answer.status !== 200) throw new Error(`it was answered ${answer.status}`);
    }
  }

  /** Says the next 20 ms of PCMU. */
  say(payload: Buffer): void {
    this.send(speechPacket(this.#sequence, payload));
    this.#sequence += 1;
  }

  /** Sends any packet on the way back. */
  send(packet: Buffer): void {
    if (this.#rtp !== undefined) this.#rtp.send(packet, this.#serverPort, "127.0.0.1");
    else this.#reader.send(Buffer.concat([Buffer.from([0x24, 6, packet.length >> 8, packet.length & 0xff]), packet]));
  }

  [Symbol.dispose](): void {
    this.#rtp?.close();
  }
}
