import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { answerChallenge } from "../simulator/rtsp-probe.ts";

export interface RtspTarget {
  readonly rtspUrl: string;
  readonly username: string;
  readonly password: string;
  /** Address of loopback to come from. */
  readonly localAddress?: string;
  /** A connection that is there already, such as one with TLS. */
  readonly socket?: Socket;
}

/**
 * Asks an RTSP server to play its first track over the connection itself. What then comes is for whoever listens to the socket, which
 * is paused.
 */
export class RtspPlayer implements Disposable {
  readonly socket: Socket;
  readonly #target: RtspTarget;
  #challenge = "";
  #session = "";
  #requests = 0;

  private constructor(target: RtspTarget) {
    const { hostname: host, port } = new URL(target.rtspUrl);
    const { localAddress, socket } = target;
    this.#target = target;
    this.socket = socket ?? connect({ host, port: Number(port), ...(localAddress !== undefined && { localAddress }) });
    this.socket.on("error", () => this.socket.destroy());
  }

  /** @param track its control attribute, as the server's SDP has it */
  static async play(target: RtspTarget, track = "trackID=0"): Promise<RtspPlayer> {
    const player = new RtspPlayer(target);
    const { rtspUrl } = target;
    player.#challenge = /WWW-Authenticate: (.*)\r/.exec(await player.#ask("DESCRIBE", rtspUrl))?.[1] ?? "";
    if (player.#challenge !== "") await player.#demand("DESCRIBE", rtspUrl);
    const setup = await player.#demand("SETUP", `${rtspUrl}/${track}`);
    player.#session = /Session: ([^;\r]+)/.exec(setup)?.[1] ?? "";
    await player.#demand("PLAY", rtspUrl);
    return player;
  }

  /** Shows that somebody is still there; the answer is not waited for. */
  keepAlive(): void {
    this.#send("GET_PARAMETER", this.#target.rtspUrl);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #demand(method: string, url: string): Promise<string> {
    const answer = await this.#ask(method, url);
    if (!answer.startsWith("RTSP/1.0 200")) throw new Error(`${method} was answered ${answer.split("\r\n", 1)[0]}`);
    return answer;
  }

  async #ask(method: string, url: string): Promise<string> {
    this.#send(method, url);
    let said = "";
    let found: Answer | undefined;
    this.socket.resume();
    while ((found = findAnswer(said)) === undefined) {
      const [chunk] = (await once(this.socket, "data")) as [Buffer];
      said += chunk.toString("latin1");
    }
    this.socket.pause();
    const rest = said.slice(0, found.start) + said.slice(found.end);
    if (rest !== "") this.socket.unshift(Buffer.from(rest, "latin1"));
    return said.slice(found.start, found.end);
  }

  #send(method: string, uri: string): void {
    const { username, password } = this.#target;
    const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${(this.#requests += 1)}`];
    const nc = String(this.#requests).padStart(8, "0");
    if (this.#challenge !== "")
      lines.push(`Authorization: ${answerChallenge(this.#challenge, { username, password, method, uri, nc })}`);
    if (this.#session !== "") lines.push(`Session: ${this.#session}`);
    if (method === "SETUP") lines.push("Transport: RTP/AVP/TCP;unicast;interleaved=0-1");
    this.socket.write([...lines, "", ""].join("\r\n"));
  }
}

interface Answer {
  readonly start: number;
  readonly end: number;
}

/** Where an answer lies with its body, behind frames that overtook it, as GStreamer's do; undefined while it is not whole. */
const findAnswer = (said: string): Answer | undefined => {
  let start = 0;
  // RFC 2326 10.12: a dollar sign, a channel, a length, and so many bytes.
  while (said[start] === "$" && said.length >= start + 4) {
    start += 4 + said.charCodeAt(start + 2) * 256 + said.charCodeAt(start + 3);
  }
  const head = said.indexOf("\r\n\r\n", start);
  const end = head + 4 + Number(/^Content-Length: *(\d+)/im.exec(said.slice(start, head))?.[1] ?? 0);
  return said[start] === "$" || head < 0 || said.length < end ? undefined : { start, end };
};
