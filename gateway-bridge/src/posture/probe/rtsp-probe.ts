import { GatehouseError, isGatehouseError, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";
import { isIP } from "node:net";

import type { Authorizer } from "../../protocols/auth/authorizer.ts";
import { RtspConnection } from "../../protocols/rtsp/rtsp-connection.ts";
import type { RtspRequest, RtspResponse } from "../../protocols/rtsp/rtsp-message.ts";
import { formatRtspUrl, parseRtspUrl, resolveControl, type RtspUrl } from "../../protocols/rtsp/rtsp-url-policy.ts";
import { parseSessionHeader } from "../../protocols/rtsp/session-headers.ts";
import { parseSdp } from "../../protocols/sdp/parse-sdp.ts";
import type { CameraGate } from "./probe-budget.ts";
import { unasked, type LoginInUse, type ProbeLogins } from "./probe-logins.ts";
import type { ProbeLogin, RtspAnswer, RtspProbe } from "./probed-camera.ts";
import { readPin } from "./tls-handshake.ts";

export interface GuardedRtspOptions {
  /** Where the camera's RTSP server is, unless told otherwise: that of its main stream. */
  readonly server: { readonly port: number; readonly secure: boolean };
  readonly pin: string | null;
  readonly gate: CameraGate;
  readonly logins: ProbeLogins;
  readonly clock: Clock;
}

type Described = RtspAnswer & { readonly setUp: boolean };
type RtspPlace = { readonly path: string; readonly port: number; readonly secure: boolean };

const answerMs = 5_000;

/** RTSP to one camera, through the budget; nothing is played. */
export class GuardedRtsp implements RtspProbe {
  readonly #options: GuardedRtspOptions;

  constructor(options: GuardedRtspOptions) {
    this.#options = options;
  }

  /** A guess that the camera does not ask for fails with `camera-fault` (details.unasked): it proves nothing. */
  async describe(to: string | RtspPlace, login: ProbeLogin, cancel: Cancellable): Promise<Described> {
    const { logins, gate, server } = this.#options;
    const url = urlOf(gate.place.host, typeof to === "string" ? { path: to, ...server } : to);
    const inUse = logins.of(login, "rtsp");
    const ask = (): Promise<Described> => gate.ask(() => this.#describe(url, inUse, cancel), cancel);
    return inUse === undefined ? ask() : inUse.alone(ask, cancel);
  }

  async #describe(url: RtspUrl, login: LoginInUse | undefined, cancel: Cancellable): Promise<Described> {
    const { clock, gate } = this.#options;
    const pin = await this.#pinOf(url, login, cancel);
    const dial = (): Promise<RtspConnection> =>
      RtspConnection.open({ url, pin, clock, gate, frame: () => undefined }, cancel);
    const asking = { dial, clock, login, authorizer: login?.authorizer(url.secure) };
    using questions = new RtspQuestions(asking, await dial());
    const uri = formatRtspUrl(url);
    await questions.ask({ method: "OPTIONS", uri, headers: {} }, cancel);
    const described = await questions.ask({ method: "DESCRIBE", uri, headers: { Accept: "application/sdp" } }, cancel);
    const body = described.body.toString("utf8");
    if (described.status !== 200) return answerOf(described, body, false);
    if (login?.guessed === true && !login.sent.wasSent) throw unasked();
    const setUp = await this.#setUp({ url, described, questions, body }, cancel);
    return setUp ?? answerOf(described, body, false);
  }

  /** Undefined where there is nothing to be set up. */
  async #setUp(
    {
      url,
      described,
      questions,
      body,
    }: {
      readonly url: RtspUrl;
      readonly described: RtspResponse;
      readonly questions: RtspQuestions;
      readonly body: string;
    },
    cancel: Cancellable,
  ): Promise<Described | undefined> {
    const { media, control } = parseSdp(described.body);
    const track = media.find(({ kind }) => kind === "video") ?? media[0];
    if (track === undefined) return undefined;
    const base = described.headers.get("content-base") ?? described.headers.get("content-location");
    const context = { request: url, base };
    const uri = resolveControl(context, track.control);
    const headers = { Transport: `${track.protocol}/TCP;unicast;interleaved=0-1` };
    const answer = await questions.ask({ method: "SETUP", uri, headers }, cancel);
    const session = parseSessionHeader(answer.headers.get("session") ?? "")?.id;
    if (session !== undefined) {
      const farewell = { method: "TEARDOWN", uri: resolveControl(context, control), headers: { Session: session } };
      // The camera's opinion changes nothing any more.
      await questions.ask(farewell, cancel).catch(onlyFailures);
    }
    return answerOf(answer, body, answer.status === 200);
  }

  /** As with pages: where the owner confirmed a key, every password goes to that key alone. */
  async #pinOf(url: RtspUrl, login: LoginInUse | undefined, cancel: Cancellable): Promise<string | null> {
    const { pin, gate, clock } = this.#options;
    if (!url.secure) return null;
    if (login !== undefined && (pin !== null || !login.guessed)) return pin;
    return readPin({ gate, port: url.port, clock }, cancel);
  }
}

interface RtspAsking {
  readonly dial: () => Promise<RtspConnection>;
  readonly clock: Clock;
  readonly login: LoginInUse | undefined;
  readonly authorizer: Authorizer | undefined;
}

/** A login takes two exchanges, more where nonces go stale. */
const mostExchanges = 4;

/** Requests on one connection, or on several of a camera that hangs up after each answer; a challenge is answered once. */
class RtspQuestions implements Disposable {
  readonly #options: RtspAsking;
  #connection: RtspConnection;
  /** Whether it answered at all on this connection. */
  #answered = false;

  constructor(options: RtspAsking, connection: RtspConnection) {
    this.#options = options;
    this.#connection = connection;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** The answer, whatever its status; a refused login is one of 401. */
  async ask(request: RtspRequest, cancel: Cancellable): Promise<RtspResponse> {
    const { login, authorizer } = this.#options;
    for (let exchange = 1; ; exchange += 1) {
      const authorization = authorizer?.authorize(request.method, request.uri);
      if (authorization !== undefined) login?.sent.sending();
      const answer = await this.#exchange(request, authorization, cancel);
      const words = `${answer.reason} ${answer.body.toString("latin1")}`;
      if (answer.status !== 401) {
        if (authorization !== undefined) this.#settle(answer.status, words);
        return answer;
      }
      if (authorization !== undefined) login?.sent.heard({ words });
      if (login === undefined || authorizer === undefined || exchange === mostExchanges) return answer;
      if (!this.#challenged(answer, authorization)) return answer;
    }
  }

  #settle(status: number, words: string): void {
    const { login } = this.#options;
    if (status < 400 || status === 404) login?.sent.taken();
    else login?.sent.heard({ status, words });
  }

  /** Whether it is worth answering. */
  #challenged(answer: RtspResponse, authorization: string | undefined): boolean {
    const { login, authorizer } = this.#options;
    try {
      authorizer?.challenge(answer.headers.all("www-authenticate"), { authorization });
      return true;
    } catch (error) {
      if (!isGatehouseError(error) || error.code !== "camera-credentials") throw error;
      login?.sent.lost();
      return false;
    }
  }

  async #exchange(request: RtspRequest, authorization: string | undefined, cancel: Cancellable): Promise<RtspResponse> {
    if (this.#connection.ended.aborted) await this.#dialAnew();
    try {
      return await this.#send(request, authorization, cancel);
    } catch (error) {
      // It hung up after its last answer, just as this was sent.
      if (!this.#answered || !this.#connection.ended.aborted) throw error;
      await this.#dialAnew();
      if (authorization !== undefined) this.#options.login?.sent.sending();
      return await this.#send(request, authorization, cancel);
    }
  }

  async #dialAnew(): Promise<void> {
    this.#connection[Symbol.dispose]();
    this.#connection = await this.#options.dial();
    this.#answered = false;
  }

  async #send(request: RtspRequest, authorization: string | undefined, { signal }: Cancellable): Promise<RtspResponse> {
    const headers = { ...request.headers, ...(authorization !== undefined && { Authorization: authorization }) };
    const what = `the camera's answer to ${request.method}`;
    const deadline = { clock: this.#options.clock, ms: answerMs, what, code: "camera-unreachable", signal } as const;
    const answer = await withDeadline(deadline, (bounded) =>
      this.#connection.exchange({ ...request, headers }, bounded),
    );
    this.#answered = true;
    return answer;
  }
}

const urlOf = (host: string, { path, port, secure }: RtspPlace): RtspUrl => {
  const written = isIP(host) === 6 ? `[${host}]` : host;
  const url = parseRtspUrl(`${secure ? "rtsps" : "rtsp"}://${written}:${port}${path}`);
  if (path.startsWith("/") && url !== undefined) return url;
  throw new GatehouseError("request-invalid", "the path does not begin with a slash");
};

const answerOf = ({ status, headers }: RtspResponse, body: string, setUp: boolean): Described => ({
  status,
  challenges: headers.all("www-authenticate"),
  body,
  setUp,
});

const onlyFailures = (error: unknown): void => {
  if (!isGatehouseError(error)) throw error;
};
