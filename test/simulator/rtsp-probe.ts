import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { readStamp, type Stamp } from "./stamp.ts";

export interface ProbeAnswer {
  readonly status: number;
  /** By lower-case name; several of one name are joined by a line feed. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface ProbePicture {
  readonly nals: readonly Buffer[];
  readonly timestamp: number;
  readonly stamp: Stamp;
}

export interface ProbeLogin {
  readonly username: string;
  readonly password: string;
}

/** A small RTSP client that looks at every byte, for tests of the simulator. */
export class RtspProbe implements AsyncDisposable {
  /** RTP and RTCP packets in order of arrival. */
  readonly packets: { readonly channel: number; readonly data: Buffer }[] = [];
  readonly pictures: ProbePicture[] = [];
  readonly closed: Promise<unknown>;
  readonly url: string;
  readonly #socket: Socket;
  readonly #login: ProbeLogin;
  readonly #answers: PromiseWithResolvers<ProbeAnswer>[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #nals: Buffer[] = [];
  #fragments: Buffer[] = [];
  #wake = Promise.withResolvers<undefined>();
  /** By the SDP. */
  #isH265 = false;
  #cseq = 0;
  #session: string | undefined;

  private constructor(socket: Socket, url: string, login: ProbeLogin) {
    this.#socket = socket;
    this.url = url;
    this.#login = login;
    // A reset by the simulator is one of the things that tests provoke; `once` of node:events would fail over it.
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#end());
  }

  /** @param ca PEM of the certificate to trust, for rtsps: */
  static async connect(url: string, login: ProbeLogin, ca?: string): Promise<RtspProbe> {
    const { hostname: host, port } = new URL(url);
    const socket =
      ca === undefined
        ? connect(Number(port), host)
        : connectTls({ host, port: Number(port), ca, servername: "localhost" });
    await once(socket, ca === undefined ? "connect" : "secureConnect");
    return new RtspProbe(socket, url, login);
  }

  /** Connects and goes as far as PLAY. */
  static async play(url: string, login: ProbeLogin, ca?: string): Promise<RtspProbe> {
    const probe = await RtspProbe.connect(url, login, ca);
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) {
      const { status } = await probe.authorized(method);
      if (status !== 200) throw new Error(`${method} was answered with ${status}`);
    }
    return probe;
  }

  /** One request as it is given; rejects when the connection ends before the answer. */
  async request(method: string, url: string, headers: readonly string[] = []): Promise<ProbeAnswer> {
    if (this.#socket.destroyed) throw new Error("the connection ended");
    this.#cseq += 1;
    const answer = Promise.withResolvers<ProbeAnswer>();
    this.#answers.push(answer);
    this.#socket.write([`${method} ${url} RTSP/1.0`, `CSeq: ${this.#cseq}`, ...headers, "", ""].join("\r\n"));
    return await answer.promise;
  }

  /** One request with what its method needs: login, session, and for SETUP the track and a transport. */
  async authorized(method: string, extra: readonly string[] = [], base = this.url): Promise<ProbeAnswer> {
    const setup = method === "SETUP";
    const url = setup && !base.includes("trackID") ? `${base}/trackID=0` : base;
    const transport = setup && !extra.some((header) => header.startsWith("Transport:"));
    const headers = [
      ...(transport ? ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1"] : []),
      ...(this.#session === undefined ? [] : [`Session: ${this.#session}`]),
      ...extra,
    ];
    const challenged = await this.request(method, url, headers);
    if (challenged.status !== 401) return challenged;
    const [challenge = ""] = challenged.headers.get("www-authenticate")?.split("\n") ?? [];
    const authorization = `Authorization: ${answerChallenge(challenge, { ...this.#login, method, uri: url })}`;
    const answer = await this.request(method, url, [...headers, authorization]);
    this.#session = answer.headers.get("session")?.split(";")[0] ?? this.#session;
    return answer;
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** Stops reading, as a stuck client does. */
  pause(): void {
    this.#socket.pause();
  }

  /** Waits until so many pictures have come in all; rejects when the connection ends before. */
  async received(count: number): Promise<readonly ProbePicture[]> {
    while (this.pictures.length < count) {
      if (this.#socket.destroyed) throw new Error("the connection ended");
      await this.#wake.promise;
    }
    return this.pictures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #end(): void {
    this.#wake.resolve(undefined);
    for (const { reject } of this.#answers.splice(0)) reject(new Error("the connection ended"));
  }

  #receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 4) {
      if (this.#pending[0] === 0x24) {
        const end = 4 + this.#pending.readUInt16BE(2);
        if (this.#pending.length < end) return;
        this.#packet(this.#pending[1]!, this.#pending.subarray(4, end));
        this.#pending = this.#pending.subarray(end);
      } else {
        const head = this.#pending.indexOf("\r\n\r\n");
        if (head < 0) return;
        const [status = "", ...lines] = this.#pending.toString("latin1", 0, head).split("\r\n");
        const headers = new Map<string, string>();
        for (const [, name = "", value = ""] of lines.map((line) => /^([^:]+): ?(.*)$/.exec(line) ?? [])) {
          const known = headers.get(name.toLowerCase());
          headers.set(name.toLowerCase(), known === undefined ? value : `${known}\n${value}`);
        }
        const end = head + 4 + Number(headers.get("content-length") ?? 0);
        if (this.#pending.length < end) return;
        const body = this.#pending.toString("utf8", head + 4, end);
        this.#isH265 ||= body.includes("H265/90000");
        this.#pending = this.#pending.subarray(end);
        this.#answers.shift()?.resolve({ status: Number(status.split(" ")[1]), headers, body });
      }
    }
  }

  #packet(channel: number, data: Buffer): void {
    this.packets.push({ channel, data });
    if (channel !== 0) return;
    this.#unit(data.subarray(12));
    if ((data[1]! & 0x80) === 0) return;
    const stamp = readStamp(this.#nals);
    if (stamp === undefined) throw new Error("a picture without a stamp");
    this.pictures.push({ nals: this.#nals, timestamp: data.readUInt32BE(4), stamp });
    this.#nals = [];
    this.#wake.resolve(undefined);
    this.#wake = Promise.withResolvers();
  }

  /** A NAL unit, or a fragment of one (RFC 6184 5.8, RFC 7798 4.4.3). */
  #unit(payload: Buffer): void {
    const [first, second, third] = [payload[0]!, payload[1]!, payload[2]!];
    const fragmented = this.#isH265 ? first >> 1 === 49 : (first & 0x1f) === 28;
    if (!fragmented) {
      this.#nals.push(payload);
      return;
    }
    const where = this.#isH265 ? third : second;
    const header = this.#isH265
      ? Buffer.of((first & 0x81) | ((third & 0x3f) << 1), second)
      : Buffer.of((first & 0xe0) | (second & 0x1f));
    if ((where & 0x80) !== 0) this.#fragments = [header];
    this.#fragments.push(payload.subarray(this.#isH265 ? 3 : 2));
    if ((where & 0x40) !== 0) this.#nals.push(Buffer.concat(this.#fragments));
  }
}

export interface ChallengeAnswer extends ProbeLogin {
  readonly method: string;
  readonly uri: string;
  /** Default 00000001. */
  readonly nc?: string;
}

/** The client's side of Digest (RFC 7616 3.4), written apart from the guard that judges it. */
export const answerChallenge = (
  challenge: string,
  { username, password, method, uri, nc }: ChallengeAnswer,
): string => {
  const value = (name: string): string | undefined => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1];
  const [realm = "", nonce = "", algorithm = "MD5"] = [value("realm"), value("nonce"), value("algorithm")];
  const hash = (text: string): string =>
    createHash(algorithm === "SHA-256" ? "sha256" : "md5")
      .update(text)
      .digest("hex");
  const [a1, a2] = [hash(`${username}:${realm}:${password}`), hash(`${method}:${uri}`)];
  const common = `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}`;
  if (value("qop") === undefined) return `${common}, response="${hash(`${a1}:${nonce}:${a2}`)}"`;
  const [count, cnonce] = [nc ?? "00000001", randomBytes(8).toString("hex")];
  const response = hash(`${a1}:${nonce}:${count}:${cnonce}:auth:${a2}`);
  return `${common}, qop=auth, nc=${count}, cnonce="${cnonce}", response="${response}"`;
};
