import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";

import type { DigestGuard } from "./digest-guard.ts";
import type { LiveFeed, LivePicture, Tier } from "./live-feed.ts";
import { packetize } from "./packetizer.ts";
import { RtpSender } from "./rtp-sender.ts";
import { ArrivalReader, type RtspRequest } from "./rtsp-request.ts";
import { describeSession } from "./session-description.ts";

export interface RtspConnectionOptions {
  readonly feed: LiveFeed;
  readonly guard: DigestGuard;
  readonly sessionTimeoutS: number;
  /** The camera's own clock. */
  readonly now: () => number;
  /** While true, no media leaves. */
  readonly stalled: () => boolean;
  readonly onPlay: () => void;
}

/** Largest RTP packet, header included. */
const maxPacket = 1_400;
/** A client that leaves more than this unread is thrown out. */
const maxBacklog = 4 * 1024 * 1024;

interface Session {
  readonly id: string;
  readonly tier: Tier;
  readonly url: string;
  readonly sender: RtpSender;
  playing: Disposable | undefined;
}

interface Answer {
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** One RTSP client: at most one session, with one video track over the connection itself (RFC 2326). */
export class RtspConnection {
  readonly #socket: Socket;
  readonly #options: RtspConnectionOptions;
  readonly #reader = new ArrivalReader();
  #session: Session | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: RtspConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#end());
  }

  get playing(): boolean {
    return this.#session?.playing !== undefined;
  }

  #receive(chunk: Buffer): void {
    try {
      for (const arrival of this.#reader.read(chunk)) {
        // Receiver reports show that the client is alive, as any request does.
        this.#restartTimeout();
        if (arrival.kind === "request") this.#reply(arrival.request);
      }
    } catch {
      this.#socket.end("RTSP/1.0 400 Bad Request\r\n\r\n");
    }
  }

  #reply(request: RtspRequest): void {
    const { status, headers = [], body = "" } = this.#answer(request);
    const lines = [`RTSP/1.0 ${status}`, `CSeq: ${request.headers.get("cseq") ?? "0"}`, ...headers];
    if (body !== "") lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  #answer(request: RtspRequest): Answer {
    const { method, url, headers } = request;
    if (method === "OPTIONS") return { status: "200 OK", headers: [`Public: ${[...methods.keys()].join(", ")}`] };
    const verdict = this.#options.guard.check(headers.get("authorization"), { method, uri: url });
    if (verdict !== "allowed") {
      const challenges = this.#options.guard.challenges(verdict === "stale");
      return { status: "401 Unauthorized", headers: challenges.map((challenge) => `WWW-Authenticate: ${challenge}`) };
    }
    const required = headers.get("require");
    if (required !== undefined) return { status: "551 Option not supported", headers: [`Unsupported: ${required}`] };
    return methods.get(method)?.(this, request) ?? { status: "501 Not Implemented" };
  }

  describe({ url }: RtspRequest): Answer {
    const place = locate(url);
    if (place === undefined) return notFound;
    return {
      status: "200 OK",
      headers: [`Content-Base: ${place.base}/`, "Content-Type: application/sdp"],
      body: describeSession(this.#options.feed.clips[place.tier]),
    };
  }

  setup({ url, headers }: RtspRequest): Answer {
    const place = locate(url);
    if (place?.track !== 0) return notFound;
    if (this.#session !== undefined) return { status: "455 Method Not Valid in This State" };
    const [, first = "0"] = /interleaved=(\d{1,3})/.exec(headers.get("transport") ?? "") ?? [];
    const channel = Number(first);
    if (!/RTP\/AVP\/TCP/i.test(headers.get("transport") ?? "") || channel > 254) {
      return { status: "461 Unsupported Transport" };
    }
    const sender = new RtpSender({ payloadType: 96, clockRate: 90_000, channel, cname: "camera" });
    const id = randomBytes(8).toString("hex");
    this.#session = { id, tier: place.tier, url, sender, playing: undefined };
    this.#restartTimeout();
    const transport = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${sender.ssrc.toString("hex")}`;
    return {
      status: "200 OK",
      headers: [`Transport: ${transport}`, `Session: ${id};timeout=${this.#options.sessionTimeoutS}`],
    };
  }

  play(request: RtspRequest): Answer {
    const session = this.#session;
    if (session === undefined || !names(request, session)) return noSession;
    const { feed, onPlay } = this.#options;
    if (session.playing === undefined) {
      session.playing = feed.subscribe(session.tier, (picture) => this.#send(session, picture));
      onPlay();
    }
    const info = `url=${session.url};seq=${session.sender.sequence};rtptime=${session.sender.timestamp(feed.nextAt)}`;
    return { status: "200 OK", headers: [`Session: ${session.id}`, "Range: npt=now-", `RTP-Info: ${info}`] };
  }

  keepAlive(request: RtspRequest): Answer {
    const session = this.#session;
    if (session === undefined || !names(request, session)) return noSession;
    return { status: "200 OK", headers: [`Session: ${session.id}`] };
  }

  teardown(request: RtspRequest): Answer {
    if (this.#session === undefined || !names(request, this.#session)) return noSession;
    this.#end();
    return { status: "200 OK" };
  }

  #send({ sender }: Session, { nals, at }: LivePicture): void {
    if (this.#options.stalled()) return;
    this.#socket.write(sender.frames(packetize(nals, maxPacket - 12), { at, now: this.#options.now() }));
    if (this.#socket.writableLength > maxBacklog) this.#drop();
  }

  #restartTimeout(): void {
    clearTimeout(this.#timeout);
    if (this.#session === undefined) return;
    this.#timeout = setTimeout(() => this.#drop(), this.#options.sessionTimeoutS * 1_000);
  }

  #drop(): void {
    this.#end();
    this.#socket.destroy();
  }

  #end(): void {
    clearTimeout(this.#timeout);
    this.#session?.playing?.[Symbol.dispose]();
    this.#session = undefined;
  }
}

const notFound: Answer = { status: "404 Not Found" };
const noSession: Answer = { status: "454 Session Not Found" };

const names = ({ headers }: RtspRequest, { id }: Session): boolean => headers.get("session")?.split(";")[0] === id;

const methods = new Map<string, (connection: RtspConnection, request: RtspRequest) => Answer>([
  ["OPTIONS", () => ({ status: "200 OK" })],
  ["DESCRIBE", (connection, request) => connection.describe(request)],
  ["SETUP", (connection, request) => connection.setup(request)],
  ["PLAY", (connection, request) => connection.play(request)],
  ["GET_PARAMETER", (connection, request) => connection.keepAlive(request)],
  ["TEARDOWN", (connection, request) => connection.teardown(request)],
]);

interface Place {
  readonly tier: Tier;
  /** The presentation's URL, without a track. */
  readonly base: string;
  readonly track: number | undefined;
}

/** What a request's URL names: `rtsp://host/main/trackID=0`. */
const locate = (url: string): Place | undefined => {
  const [, base, tier, track] = /^(rtsps?:\/\/[^/]+\/(main|sub))\/?(?:trackID=(\d))?$/.exec(url) ?? [];
  if (base === undefined || (tier !== "main" && tier !== "sub")) return undefined;
  return { tier, base, track: track === undefined ? undefined : Number(track) };
};
