import type { Socket } from "node:net";

import type { DigestGuard } from "./digest-guard.ts";
import { garble } from "./garble.ts";
import type { LiveFeed, Tier } from "./live-feed.ts";
import { ArrivalReader, type RtspRequest } from "./rtsp-request.ts";
import { RtspSession, trackNames, type TrackName } from "./rtsp-session.ts";
import { describeSession } from "./session-description.ts";

export interface RtspConnectionOptions {
  readonly feed: LiveFeed;
  readonly guard: DigestGuard;
  readonly sessionTimeoutS: number;
  /** The camera's own clock. */
  readonly now: () => number;
  /** While true, no media leaves. */
  readonly stalled: () => boolean;
  /** While true, what leaves is garbage. */
  readonly garbled: () => boolean;
  readonly onPlay: () => void;
}

/** A client that leaves more than this unread is thrown out. */
const maxBacklog = 16 * 1024 * 1024;
/** In how many pieces a session's time runs out. */
const silentPieces = 4;

interface Answer {
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** One RTSP client: at most one session, its media over the connection itself (RFC 2326). */
export class RtspConnection {
  readonly #socket: Socket;
  readonly #options: RtspConnectionOptions;
  readonly #reader = new ArrivalReader();
  #session: RtspSession | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: RtspConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#end());
  }

  get playing(): boolean {
    return this.#session?.playing === true;
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
    if (!methods.includes(method)) return { status: "501 Not Implemented" };
    if (method === "OPTIONS") return { status: "200 OK", headers: [`Public: ${methods.join(", ")}`] };
    const verdict = this.#options.guard.check(headers.get("authorization"), { method, uri: url });
    if (verdict !== "allowed") {
      const challenges = this.#options.guard.challenges(verdict === "stale");
      return { status: "401 Unauthorized", headers: challenges.map((challenge) => `WWW-Authenticate: ${challenge}`) };
    }
    const required = headers.get("require");
    if (required !== undefined) return { status: "551 Option not supported", headers: [`Unsupported: ${required}`] };
    if (method === "DESCRIBE") return this.#describe(url);
    if (method === "SETUP") return this.#setup(request);
    const session = this.#session;
    if (session?.id !== sessionOf(request)) return { status: "454 Session Not Found" };
    return session === undefined ? { status: "455 Method Not Valid in This State" } : this.#control(session, method);
  }

  #describe(url: string): Answer {
    const place = locate(url);
    if (place === undefined) return notFound;
    const { clips, sound } = this.#options.feed;
    return {
      status: "200 OK",
      headers: [`Content-Base: ${place.base}/`, "Content-Type: application/sdp"],
      body: describeSession(clips[place.tier], sound),
    };
  }

  #setup(request: RtspRequest): Answer {
    const { url, headers } = request;
    const { feed, now, stalled, garbled, sessionTimeoutS } = this.#options;
    const place = locate(url);
    if (place?.track === undefined || (place.track === "audio" && feed.sound === undefined)) return notFound;
    const transport = headers.get("transport") ?? "";
    const channel = Number(/interleaved=(\d{1,3})/.exec(transport)?.[1] ?? 2 * trackNames.indexOf(place.track));
    if (!/RTP\/AVP\/TCP/i.test(transport) || channel > 254) return { status: "461 Unsupported Transport" };
    if (sessionOf(request) !== this.#session?.id) return { status: "454 Session Not Found" };
    const write = (frames: Buffer): void => {
      if (!stalled()) this.#write(garbled() ? garble(frames) : frames);
    };
    const session = this.#session ?? new RtspSession({ feed, tier: place.tier, write, now });
    const ssrc = session.tier === place.tier ? session.setup(place.track, { url, channel }) : undefined;
    if (ssrc === undefined) return { status: "455 Method Not Valid in This State" };
    this.#session = session;
    this.#restartTimeout();
    return {
      status: "200 OK",
      headers: [
        `Transport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${ssrc}`,
        `Session: ${session.id};timeout=${sessionTimeoutS}`,
      ],
    };
  }

  #control(session: RtspSession, method: string): Answer {
    if (method === "TEARDOWN") {
      this.#end();
      return { status: "200 OK" };
    }
    const header = `Session: ${session.id}`;
    if (method === "GET_PARAMETER") return { status: "200 OK", headers: [header] };
    if (!session.playing) this.#options.onPlay();
    return { status: "200 OK", headers: [header, "Range: npt=now-", `RTP-Info: ${session.play()}`] };
  }

  #write(frames: Buffer): void {
    this.#socket.write(frames);
    if (this.#socket.writableLength > maxBacklog) this.#drop();
  }

  #restartTimeout(): void {
    clearTimeout(this.#timeout);
    if (this.#session !== undefined) this.#wait(silentPieces);
  }

  /** Piece by piece, so that what a client sent while this very process stood still is read before its time is up. */
  #wait(pieces: number): void {
    const ms = (this.#options.sessionTimeoutS * 1_000) / silentPieces;
    this.#timeout = setTimeout(() => (pieces > 1 ? this.#wait(pieces - 1) : this.#drop()), ms);
  }

  #drop(): void {
    this.#end();
    this.#socket.destroy();
  }

  #end(): void {
    clearTimeout(this.#timeout);
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
  }
}

const methods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "TEARDOWN"];
const notFound: Answer = { status: "404 Not Found" };

const sessionOf = ({ headers }: RtspRequest): string | undefined => headers.get("session")?.split(";")[0];

interface Place {
  readonly tier: Tier;
  /** The presentation's URL, without a track. */
  readonly base: string;
  readonly track: TrackName | undefined;
}

/** What a request's URL names: `rtsp://host/main/trackID=0`. */
const locate = (url: string): Place | undefined => {
  const [, base, tier, track] = /^(rtsps?:\/\/[^/]+\/(main|sub))\/?(?:trackID=([01]))?$/.exec(url) ?? [];
  if (base === undefined || (tier !== "main" && tier !== "sub")) return undefined;
  return { tier, base, track: track === undefined ? undefined : trackNames[Number(track)] };
};
