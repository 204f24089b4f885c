import {
  GatehouseError,
  isGatehouseError,
  systemCode,
  withDeadline,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import { request as sendRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { pipeline, type Readable } from "node:stream";

import type { ConnectionGate } from "../tcp/connection-gate.ts";
import { CameraAgent } from "./camera-agent.ts";
import { decideRedirect } from "./redirect-policy.ts";

/** Answers a camera's login challenges; `Authorizer` of protocols/auth is one. */
export interface HttpLogin {
  /**
   * Takes every WWW-Authenticate header of a 401, the Authorization header that was refused with it, and what the camera says to it.
   * Throws where it cannot or must not answer, as when the password is wrong.
   */
  challenge(
    headers: readonly string[],
    request: { readonly authorization: string | undefined; readonly words?: Buffer },
  ): void;
  /** The Authorization header, once there was a challenge. */
  authorize(method: string, uri: string): string | undefined;
  /** The camera took what `authorize` gave, and answered by this status. */
  accepted(status: number): void;
}

export interface HttpClientOptions {
  /** The one host that is ever spoken to, as in a URL (an IPv6 address in brackets). */
  readonly host: string;
  /** SHA-256 of its public key, base64url: then only https is spoken, to that key. Null: only http. */
  readonly pin: string | null;
  readonly clock: Clock;
  /** Counts the connections; none does unless given. */
  readonly gate?: ConnectionGate | undefined;
}

/** A body that is not held in memory. It is opened anew for each time that it is sent: a login takes several. */
export interface StreamedBody {
  readonly length: number;
  readonly open: () => Readable;
}

export interface HttpRequest {
  readonly url: URL;
  readonly method: "GET" | "POST" | "PUT" | "SUBSCRIBE" | "UNSUBSCRIBE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | StreamedBody;
  /** Longest body taken, in bytes; default 1 MiB. */
  readonly limit?: number;
  /** What is longer, or has no end, is cut off at the limit, and no failure. */
  readonly cut?: boolean;
  /** False where a redirect is itself what is asked for. */
  readonly follow?: boolean;
  /** For the whole exchange, connecting included; default 10 s. */
  readonly timeoutMs?: number;
  /** Without it no credentials are sent, and a 401 is an answer like any other. */
  readonly login?: HttpLogin;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const defaultLimit = 1 << 20;
const defaultTimeoutMs = 10_000;
const connectTimeoutMs = 5_000;
const staleWithinMs = 1_000;
/** A login takes two exchanges, three when the nonce had just gone stale. */
const mostExchanges = 3;

/** HTTP/1.1 to one camera. Whatever an answer says, no byte goes to another host, and none before a pinned key matched. */
export class HttpClient implements Disposable {
  readonly #options: HttpClientOptions;
  readonly #agent: CameraAgent;
  readonly #crowded: Disposable | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#agent = new CameraAgent({ ...options, connectTimeoutMs });
    this.#crowded = options.gate?.onCrowded(() => this.#agent.closeIdle());
  }

  /**
   * One request with its answer, whatever its status; logs in where asked to, follows one redirect within the camera.
   * @throws GatehouseError `camera-unreachable` (details.disconnected if it had been connected), `camera-answer-too-large`,
   * `camera-answer-malformed` (details.endless for Motion JPEG), `camera-foreign-host`, `camera-fingerprint-changed`, `camera-fingerprint-unconfirmed`
   * (details.location: where it wants TLS), `camera-weaker-auth`, and what the login throws
   */
  async request(request: HttpRequest, cancel: Cancellable): Promise<HttpAnswer> {
    const { clock } = this.#options;
    const ms = request.timeoutMs ?? defaultTimeoutMs;
    return withDeadline(
      { clock, ms, what: "the camera's answer", code: "camera-unreachable", signal: cancel.signal },
      async (bounded) => {
        const answer = await this.#authorized(request, bounded);
        if (request.follow === false || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
        const url = this.#redirected(request.url, answer.headers.location);
        return this.#authorized({ ...request, url }, bounded);
      },
    );
  }

  [Symbol.dispose](): void {
    this.#crowded?.[Symbol.dispose]();
    this.#agent.destroy();
  }

  async #authorized(request: HttpRequest, cancel: Cancellable): Promise<HttpAnswer> {
    const { login, method, url } = request;
    for (let exchange = 1; ; exchange += 1) {
      const authorization = login?.authorize(method, url.pathname + url.search);
      const { challenges, ...answer } = await this.#exchange(request, authorization, cancel);
      if (answer.status !== 401) {
        if (authorization !== undefined) login?.accepted(answer.status);
        return answer;
      }
      if (login === undefined || challenges.length === 0) return answer;
      login.challenge(challenges, { authorization, words: answer.body });
      if (exchange === mostExchanges)
        throw new GatehouseError("camera-credentials", "the camera keeps asking for a login");
    }
  }

  async #exchange(request: HttpRequest, authorization: string | undefined, cancel: Cancellable): Promise<RawAnswer> {
    this.#check(request.url);
    const attempt: Attempt = { ...request, authorization, agent: this.#agent };
    const { clock } = this.#options;
    const started = clock.monotonic();
    try {
      return await send(attempt, cancel);
    } catch (error) {
      if (!(error instanceof KeptConnectionLost)) throw error;
      // Closed just as it was used again, for having been idle: that says nothing about this request. Later, it does.
      if (clock.monotonic() - started > staleWithinMs) throw error.failure;
      return send(attempt, cancel);
    }
  }

  #check(url: URL): void {
    const { host, pin } = this.#options;
    if (url.hostname !== host) {
      throw new GatehouseError("camera-foreign-host", `refused to ask ${url.host} in the name of ${host}`);
    }
    if (pin !== null && url.protocol !== "https:") {
      throw new GatehouseError(
        "camera-weaker-auth",
        "the camera points to an unencrypted address, though its key is pinned",
      );
    }
    if (pin === null && url.protocol !== "http:") throw unconfirmed(url);
  }

  #redirected(from: URL, location: string | undefined): URL {
    const decision = decideRedirect({ from, location, pinned: this.#options.pin !== null });
    switch (decision.kind) {
      case "follow":
        return decision.url;
      case "foreign":
        throw new GatehouseError("camera-foreign-host", `the camera redirects to ${decision.host}`);
      case "needs-pin":
        throw unconfirmed(decision.url);
      case "downgrade":
        throw new GatehouseError("camera-weaker-auth", "the camera redirects from TLS to an unencrypted address");
      case "malformed":
        throw new GatehouseError("camera-answer-malformed", "the camera redirects to nowhere");
    }
  }
}

const unconfirmed = (url: URL): GatehouseError =>
  new GatehouseError("camera-fingerprint-unconfirmed", "the camera wants TLS, and its key is not confirmed yet", {
    details: { location: `${url.origin}${url.pathname}` },
  });

interface RawAnswer extends HttpAnswer {
  readonly challenges: readonly string[];
}

interface Attempt extends HttpRequest {
  readonly authorization: string | undefined;
  readonly agent: CameraAgent;
}

/** A connection that had served before was closed instead of an answer. */
class KeptConnectionLost extends Error {
  readonly failure: GatehouseError;

  constructor(failure: GatehouseError) {
    super(failure.message);
    this.failure = failure;
  }
}

const send = (attempt: Attempt, { signal }: Cancellable): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { url, method, body, agent, limit = defaultLimit, cut = false } = attempt;
    // Node calls it an http request whatever the agent's socket is; TLS is the agent's affair.
    const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
    const request = sendRequest(
      {
        agent,
        method,
        signal,
        port,
        host: bareHost(url),
        path: url.pathname + url.search,
        headers: headersOf(attempt),
      },
      (answer) => {
        readBody(answer, { limit, cut }).then(
          (content) => resolve({ ...headOf(answer), body: content }),
          (error: unknown) => reject(named(error, url, true)),
        );
      },
    );
    request.once("error", (error) => {
      const disconnected = request.socket !== null && !request.socket.connecting;
      const kept = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(systemCode(error) ?? "");
      const failure = named(error, url, disconnected);
      reject(kept ? new KeptConnectionLost(failure) : failure);
    });
    if (body === undefined || Buffer.isBuffer(body)) request.end(body);
    else {
      const content = body.open();
      // Why it cannot be read on is told rather than that the request broke off, which follows from it.
      content.once("error", (error) => isGatehouseError(error) && reject(error));
      // The request tells of its own failures; a camera that has answered needs no more of it.
      pipeline(content, request, () => undefined);
    }
  });

/** As the system wants it: an IPv6 address without its brackets. */
const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

const headersOf = ({ url, headers, body, authorization }: Attempt): Record<string, string> => ({
  host: url.host,
  "user-agent": "Gatehouse",
  ...(body !== undefined && { "content-length": String(body.length) }),
  ...headers,
  ...(authorization !== undefined && { authorization }),
});

const headOf = (answer: IncomingMessage): Omit<RawAnswer, "body"> => ({
  status: answer.statusCode ?? 0,
  headers: answer.headers,
  challenges: answer.headersDistinct["www-authenticate"] ?? [],
});

/** The whole body, or an error as soon as it is known to be longer than `limit`; to be cut, what comes of it until then. */
const readBody = async (
  answer: IncomingMessage,
  { limit, cut }: { readonly limit: number; readonly cut: boolean },
): Promise<Buffer> => {
  const tooLarge = (): GatehouseError =>
    new GatehouseError("camera-answer-too-large", `the camera's answer is longer than ${limit} bytes`);
  try {
    if (!cut && /^multipart\/x-mixed-replace\b/i.test(answer.headers["content-type"] ?? "")) throw endless();
    if (!cut && Number(answer.headers["content-length"] ?? 0) > limit) throw tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= limit) continue;
      if (cut) break;
      throw tooLarge();
    }
    return Buffer.concat(chunks, Math.min(bytes, limit));
  } finally {
    // Frees the connection when the body was left unread; a read one is back with the agent and is not touched.
    if (!answer.complete) answer.destroy();
  }
};

/** Motion JPEG: an answer that never ends. */
const endless = (): GatehouseError =>
  new GatehouseError("camera-answer-malformed", "the address brings pictures without end (MJPEG), not one", {
    details: { endless: true },
    remedy: "Give the address of a single picture, or the camera's ONVIF or RTSP address.",
  });

const named = (error: unknown, url: URL, disconnected: boolean): GatehouseError => {
  if (isGatehouseError(error)) return error;
  const why = systemCode(error) ?? "failed";
  if (why.startsWith("HPE_")) {
    return new GatehouseError("camera-answer-malformed", `the camera's answer is not HTTP: ${why}`, { cause: error });
  }
  // Plugins are shown this, and a camera's address is not theirs to know.
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const message = `the camera ${disconnected ? "closed the connection" : "cannot be reached"} at port ${port}: ${why}`;
  return new GatehouseError("camera-unreachable", message, { cause: error, details: { disconnected } });
};
