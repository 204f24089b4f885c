import type { Socket } from "node:net";

import type { Clip } from "../clip.ts";
import { ArrivalReader, type RtspRequest } from "../rtsp-request.ts";
import { RtspSession } from "../rtsp-session.ts";
import type { CameraCore } from "./camera-core.ts";

interface Answer {
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const methods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "TEARDOWN"];
const notFound: Answer = { status: "404 Stream Not Found" };

/** One RTSP client of a camera. Without a live feed, PLAY is granted and nothing comes. */
export class RtspClientSeat {
  readonly #core: CameraCore;
  readonly #socket: Socket;
  readonly #reader = new ArrivalReader();
  #session: RtspSession | undefined;
  /** Of a session without a feed. */
  #sessionId: string | undefined;

  constructor(core: CameraCore, socket: Socket) {
    this.#core = core;
    this.#socket = socket;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#end());
  }

  #receive(chunk: Buffer): void {
    try {
      for (const arrival of this.#reader.read(chunk)) {
        if (arrival.kind === "request") this.#reply(arrival.request);
      }
    } catch {
      this.#socket.end("RTSP/1.0 400 Bad Request\r\n\r\n");
    }
  }

  #reply(request: RtspRequest): void {
    this.#core.counts.rtsp += 1;
    const { status, headers = [], body = "" } = this.#answer(request);
    const { rtspServer } = this.#core.face;
    const lines = [`RTSP/1.0 ${status}`, `CSeq: ${request.headers.get("cseq") ?? "0"}`, ...headers];
    if (rtspServer !== "") lines.push(`Server: ${rtspServer}`);
    if (body !== "") lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    const answer = `${lines.join("\r\n")}\r\n\r\n${body}`;
    if (this.#core.quirks.hangsUp === true) this.#socket.end(answer);
    else this.#socket.write(answer);
  }

  #answer(request: RtspRequest): Answer {
    const { method, url } = request;
    if (!methods.includes(method)) return { status: "501 Not Implemented" };
    if (method === "OPTIONS") return { status: "200 OK", headers: [`Public: ${methods.join(", ")}`] };
    const route = routeOf(url);
    const refusal = this.#refusal(request, route);
    if (refusal !== undefined) return refusal;
    if (this.#tierOf(route) === undefined) return notFound;
    const required = request.headers.get("require");
    if (required !== undefined) return { status: "551 Option not supported", headers: [`Unsupported: ${required}`] };
    if (method === "DESCRIBE") return this.#describe(url);
    return method === "SETUP" ? this.#setup(request) : this.#control(request);
  }

  /** Undefined for who may. */
  #refusal({ method, url, headers }: RtspRequest, route: string): Answer | undefined {
    const core = this.#core;
    const { rtsp } = core.state.anonymous;
    const open = rtsp === "all" || rtsp === "any" || (rtsp === "other" && route === core.face.routes.other);
    if (open || core.openToAll) return undefined;
    const plane = core.plane("web");
    const who = core.rtsp.admit({ plane, protocol: "rtsp" }, headers.get("authorization"), { method, uri: url });
    if (who.kind === "admitted") return undefined;
    if (who.kind === "locked") return { status: "403 Forbidden" };
    const challenges = who.challenges.map((challenge) => `WWW-Authenticate: ${challenge}`);
    return { status: "401 Unauthorized", headers: challenges };
  }

  #tierOf(route: string): "main" | "sub" | undefined {
    const { face, state } = this.#core;
    if (route === face.routes.main || route === face.routes.other) return "main";
    if (route === face.routes.sub) return "sub";
    return state.anonymous.rtsp === "any" ? "main" : undefined;
  }

  #describe(url: string): Answer {
    return {
      status: "200 OK",
      headers: [`Content-Base: ${url}/`, "Content-Type: application/sdp"],
      body: describe(this.#core),
    };
  }

  #setup({ url, headers }: RtspRequest): Answer {
    const { feed } = this.#core;
    const transport = headers.get("transport") ?? "";
    const channel = Number(/interleaved=(\d{1,3})/.exec(transport)?.[1] ?? 0);
    if (!/RTP\/AVP\/TCP/i.test(transport) || channel > 254) return { status: "461 Unsupported Transport" };
    let ssrc: string | undefined = "4cacc3d1";
    if (feed !== undefined) {
      const tier = this.#tierOf(routeOf(url)) ?? "main";
      const write = (frames: Buffer): void => void this.#socket.write(frames);
      this.#session ??= new RtspSession({ feed, tier, write, now: () => this.#core.cameraNow });
      ssrc = this.#session.setup("video", { url, channel });
      if (ssrc === undefined) return { status: "455 Method Not Valid in This State" };
    }
    this.#sessionId ??= this.#session?.id ?? crypto.randomUUID().slice(0, 8);
    return {
      status: "200 OK",
      headers: [
        `Transport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${ssrc}`,
        `Session: ${this.#sessionId};timeout=60`,
      ],
    };
  }

  #control({ method, headers }: RtspRequest): Answer {
    const id = this.#sessionId;
    if (id === undefined || headers.get("session")?.split(";")[0] !== id) return { status: "454 Session Not Found" };
    if (method === "TEARDOWN") {
      this.#end();
      return { status: "200 OK" };
    }
    if (method === "GET_PARAMETER") return { status: "200 OK", headers: [`Session: ${id}`] };
    this.#core.counts.plays += 1;
    const info = this.#session === undefined ? [] : [`RTP-Info: ${this.#session.play()}`];
    return { status: "200 OK", headers: [`Session: ${id}`, "Range: npt=now-", ...info] };
  }

  #end(): void {
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
    this.#sessionId = undefined;
  }
}

/** Path and query of a request's URL, without the track that SETUP appends. */
const routeOf = (url: string): string => url.replace(/^rtsps?:\/\/[^/]+/, "").replace(/\/?(?:trackID=\d)?$/, "");

/** One H.264 picture, as retailers' cameras describe theirs (RFC 4566, RFC 6184 8.2.1). */
const describe = ({ address, feed }: CameraCore): string => {
  const clip: Pick<Clip, "sps" | "pps"> = feed?.clips.main ?? stillClip;
  return [
    "v=0",
    `o=- 1620251477190769 1620251477190769 IN IP4 ${address}`,
    "s=Media Presentation",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    `a=fmtp:96 packetization-mode=1;profile-level-id=${clip.sps.toString("hex", 1, 4)};` +
      `sprop-parameter-sets=${clip.sps.toString("base64")},${clip.pps.toString("base64")}`,
    "a=control:trackID=1",
    "",
  ].join("\r\n");
};

/** Parameter sets of a picture of 640 by 360, for a camera that shows nothing. */
const stillClip = {
  sps: Buffer.from("Z0LAHtsCgL/lwEQAAAMABAAAAwDwPFi5IA==", "base64"),
  pps: Buffer.from("aMqDyyA=", "base64"),
};
