import { connectPinned, Secret } from "@gatehouse/shared";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { Authorizer } from "../../gateway-bridge/src/protocols/auth/authorizer.ts";
import { parseRtp, type RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { formatRequest, type RtspResponse } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";

export interface RtspReaderOptions {
  readonly port: number;
  /** PEM, for RTSPS. */
  readonly certificate?: string;
  /** Instead: SHA-256 of the server's public key, base64url. */
  readonly pin?: string;
  readonly login?: { readonly username: string; readonly password: Secret };
  /** Logs in to a track by the stream's URL, as live555 does. */
  readonly hashesStream?: boolean;
}

/** A reader that does each step by itself, so that tests can do it wrong. */
export class RtspReader implements Disposable {
  readonly #socket: Socket;
  readonly #authorizer: Authorizer;
  readonly #base: string;
  readonly #answers: RtspResponse[] = [];
  readonly frames: { readonly channel: number; readonly payload: Buffer }[] = [];
  #wake: () => void = () => undefined;
  #sequence = 0;
  closed = false;

  readonly #hashesStream: boolean;

  private constructor(socket: Socket, { port, certificate, pin, login, hashesStream = false }: RtspReaderOptions) {
    const secure = certificate !== undefined || pin !== undefined;
    this.#socket = socket;
    this.#hashesStream = hashesStream;
    this.#base = `${secure ? "rtsps" : "rtsp"}://localhost:${port}`;
    this.#authorizer = new Authorizer({
      credentials: login,
      memory: { floor: "none", raise: () => undefined },
      secure,
    });
    const splitter = new RtspSplitter({
      // The payload is a view of memory that is used again.
      frame: (channel, payload) => this.frames.push({ channel, payload: Buffer.from(payload) }),
      message: (message) => {
        if (message.kind === "response") this.#answers.push(message);
        this.#wake();
      },
    });
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(options: RtspReaderOptions): Promise<RtspReader> {
    const { port, certificate: ca, pin } = options;
    if (pin !== undefined) return new RtspReader(await connectWithPin(port, pin), options);
    const socket =
      ca === undefined
        ? connect({ port, host: "127.0.0.1" })
        : connectTls({ port, host: "127.0.0.1", ca, servername: "localhost" });
    await once(socket, ca === undefined ? "connect" : "secureConnect");
    return new RtspReader(socket, options);
  }

  /** On a connection that is there, whose owner is known: nothing is logged in with. */
  static on(socket: Socket): RtspReader {
    return new RtspReader(socket, { port: 554 });
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Of one interleaved channel. */
  packets(channel = 0): RtpPacket[] {
    return this.frames.filter((frame) => frame.channel === channel).map(({ payload }) => parseRtp(payload));
  }

  url(path: string): string {
    return `${this.#base}/${path}`;
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** One request as it is, with what login there is; undefined when the connection closed instead of an answer. */
  async request(method: string, path: string, headers: Record<string, string> = {}): Promise<RtspResponse | undefined> {
    this.#sequence += 1;
    const uri = path === "*" ? path : this.url(path);
    const authorization = this.#authorizer.authorize(method, this.#hashesStream ? uri.replace(/trackID=\d$/, "") : uri);
    const login: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
    this.#socket.write(formatRequest({ method, uri, headers: { CSeq: String(this.#sequence), ...login, ...headers } }));
    while (this.#answers.length === 0 && !this.closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#answers.shift();
  }

  /** The same, logging in when it is asked to. */
  async ask(method: string, path: string, headers: Record<string, string> = {}): Promise<RtspResponse> {
    let answer = await this.request(method, path, headers);
    if (answer?.status === 401) {
      this.#authorizer.challenge(answer.headers.all("www-authenticate"));
      answer = await this.request(method, path, headers);
    }
    if (answer === undefined) throw new Error("the server closed the connection");
    return answer;
  }

  /** SETUP of the picture and PLAY; answers the session's header and the RTP-Info. */
  async play(
    path: string,
    transport = "RTP/AVP/TCP;unicast;interleaved=0-1",
  ): Promise<{ session: string; info: string }> {
    const setUp = await this.ask("SETUP", `${path}/trackID=0`, { Transport: transport });
    if (setUp.status !== 200) throw new Error(`SETUP was answered ${setUp.status}`);
    const session = setUp.headers.get("session")?.split(";")[0] ?? "";
    const played = await this.ask("PLAY", `${path}/`, { Session: session });
    if (played.status !== 200) throw new Error(`PLAY was answered ${played.status}`);
    return { session, info: played.headers.get("rtp-info") ?? "" };
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

const connectWithPin = (port: number, pin: string): Promise<Socket> => {
  const accepts = (digest: Buffer): boolean => digest.toString("base64url") === pin;
  const codes = { mismatch: "gateway-impostor", unreachable: "gateway-unreachable" } as const;
  return connectPinned({ host: "127.0.0.1", port, accepts, ...codes }, { signal: new AbortController().signal });
};
