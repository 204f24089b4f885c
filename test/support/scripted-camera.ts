import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A request as it came in. */
export interface SeenRequest {
  readonly method: string;
  readonly uri: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body?: string;
}

export interface ScriptedAnswer {
  /** `200 OK` unless told. */
  readonly status?: string;
  /** Whole header lines. */
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Goes out right before the answer, in the same write. */
  readonly before?: Buffer;
  /** Goes out right after the answer, in the same write. */
  readonly after?: Buffer;
  /** Instead of the CSeq line. */
  readonly cseq?: string;
}

/** An answer, or nothing for none at all. */
export type Reply = (request: SeenRequest) => ScriptedAnswer | undefined;

export interface ScriptedCameraOptions {
  /** By method; others get what a plain camera answers. */
  readonly replies?: Readonly<Record<string, Reply>>;
  /** Asked first for every method; an answer of its own goes out instead of the method's. */
  readonly guard?: Reply;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export const sdp = [
  "v=0",
  "s=scripted",
  "a=control:*",
  "m=video 0 RTP/AVP 96",
  "a=rtpmap:96 H264/90000",
  "a=control:trackID=0",
  "m=audio 0 RTP/AVP 97",
  "a=rtpmap:97 opus/48000/2",
  "a=control:trackID=1",
].join("\r\n");

const plain: Readonly<Record<string, Reply>> = {
  OPTIONS: () => ({ headers: ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"] }),
  DESCRIBE: () => ({ headers: ["Content-Type: application/sdp"], body: sdp }),
  SETUP: ({ headers }) => ({ headers: [`Transport: ${headers.get("transport")}`, "Session: 1234;timeout=60"] }),
  PLAY: () => ({ headers: ["Session: 1234"] }),
  GET_PARAMETER: () => ({}),
  TEARDOWN: () => ({}),
};

const unknown: Reply = () => ({ status: "501 Not Implemented" });

/** A camera's RTSP port that says what a test wants it to say, and keeps all it was asked. */
export class ScriptedCamera implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  /** Answers to requests of the camera: whole heads. */
  readonly answers: string[] = [];
  /** Interleaved frames of the client. */
  readonly frames: { readonly channel: number; readonly payload: Buffer }[] = [];
  /** Open connections. */
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #options: ScriptedCameraOptions;

  private constructor(options: ScriptedCameraOptions) {
    this.#options = options;
    const { tls } = options;
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  }

  static async open(options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> {
    const camera = new ScriptedCamera(options);
    await once(camera.#server.listen(0, "127.0.0.1"), "listening");
    return camera;
  }

  get url(): string {
    const scheme = this.#options.tls === undefined ? "rtsp" : "rtsps";
    return `${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live`;
  }

  get methods(): readonly string[] {
    return this.requests.map(({ method }) => method);
  }

  /** To every client, in one write. */
  send(...parts: readonly Buffer[]): void {
    for (const socket of this.sockets) socket.write(Buffer.concat(parts));
  }

  /** Closes every connection. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    this.sockets.add(socket.setNoDelay(true));
    let held = Buffer.alloc(0);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let rest = this.#take(held, socket); rest !== undefined; rest = this.#take(held, socket)) held = rest;
    });
  }

  /** Takes one frame or message; returns what comes after it, or nothing while it is not whole. */
  #take(bytes: Buffer, socket: Socket): Buffer<ArrayBuffer> | undefined {
    if (bytes[0] === 0x24) {
      const end = bytes.length < 4 ? Infinity : 4 + bytes.readUInt16BE(2);
      if (end > bytes.length) return undefined;
      this.frames.push({ channel: bytes.readUInt8(1), payload: Buffer.from(bytes.subarray(4, end)) });
      return Buffer.from(bytes.subarray(end));
    }
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const head = bytes.toString("latin1", 0, end);
    const [, length = "0"] = /^Content-Length: *(\d+)/im.exec(head) ?? [];
    const [from, to] = [end + 4, end + 4 + Number(length)];
    if (to > bytes.length) return undefined;
    if (head.startsWith("RTSP/")) this.answers.push(head);
    else this.#reply(head, bytes.toString("latin1", from, to), socket);
    return Buffer.from(bytes.subarray(to));
  }

  #reply(head: string, content: string, socket: Socket): void {
    const [start = "", ...lines] = head.split("\r\n");
    const [method = "", uri = ""] = start.split(" ");
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const request = { method, uri, headers, body: content };
    this.requests.push(request);
    const { guard, replies } = this.#options;
    const answer = guard?.(request) ?? (replies?.[method] ?? plain[method] ?? unknown)(request);
    if (answer === undefined) return;
    const { status = "200 OK", body = "", cseq = `CSeq: ${headers.get("cseq")}` } = answer;
    const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const answerLines = [`RTSP/1.0 ${status}`, cseq, ...(answer.headers ?? []), ...length, "", body];
    const { before = Buffer.alloc(0), after = Buffer.alloc(0) } = answer;
    socket.write(Buffer.concat([before, Buffer.from(answerLines.join("\r\n"), "latin1"), after]));
  }
}

/** RFC 2326 10.12 */
export const interleaved = (channel: number, payload: Buffer): Buffer => {
  const header = Buffer.from([0x24, channel, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
};

export interface RtpFields {
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly sequence: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
}

/** RFC 3550 5.1 */
export const rtp = (fields: RtpFields, payload: Buffer): Buffer => {
  const { payloadType = 96, marker = true, sequence, timestamp = 0, ssrc = 1 } = fields;
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
};
