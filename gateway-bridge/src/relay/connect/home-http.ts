import {
  GatehouseError,
  isGatehouseError,
  onAbort,
  readBounded,
  stopped,
  systemCode,
  unreachable,
  withDeadline,
  type Cancellable,
  type Clock,
  type HttpAnswer,
  type HttpQuestion,
  type Way,
} from "@gatehouse/shared";
import { Agent, request, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { limits } from "./limits.ts";
import type { LoginCookies } from "./login-cookies.ts";
import { Slots } from "./slots.ts";

export interface HomeHttpOptions {
  /** A connection to the gateway's API. */
  readonly open: (way: Way, cancel: Cancellable) => Promise<TLSSocket>;
  /** Sent with each request. */
  readonly cookies: LoginCookies;
  /** What requests call the gateway. */
  readonly host: string;
  readonly clock: Clock;
}

/** A request as it goes home. The cookie of the login is added. */
export interface HomeRequest {
  readonly way: Way;
  readonly method: string;
  /** Path and query, escaped. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer | undefined;
}

/** What came of it: an answer whose body is still to be read, or a connection that is now something else. */
export type HomeAnswer =
  | { readonly kind: "answer"; readonly message: IncomingMessage }
  | { readonly kind: "upgrade"; readonly message: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

/** HTTP/1.1 to the gateway at home: short questions share a few channels, what goes on for long has one for itself. */
export class HomeHttp implements Disposable {
  readonly #options: HomeHttpOptions;
  readonly #closing = new AbortController();
  readonly #agents: Readonly<Record<Way, Agent>>;
  readonly #slots: Readonly<Record<Way, Slots>> = {
    shared: new Slots({ slots: limits.sharedChannels, waiting: limits.waitingRequests }),
    own: new Slots({ slots: limits.ownChannels, waiting: 0 }),
  };

  constructor(options: HomeHttpOptions) {
    const { signal } = this.#closing;
    this.#options = options;
    this.#agents = {
      shared: new ChannelAgent(() => options.open("shared", { signal }), true),
      own: new ChannelAgent(() => options.open("own", { signal }), false),
    };
  }

  /** Room for one exchange, until it is disposed of. @throws GatehouseError `too-many-requests`, or the signal's reason */
  room(way: Way, cancel: Cancellable): Promise<Disposable> {
    return this.#slots[way].take(cancel);
  }

  /**
   * Sends a request, and resolves with the beginning of its answer. When the signal aborts, the exchange ends.
   * @throws GatehouseError as `goHome` does, `gateway-unreachable`, `timeout`, or the signal's reason
   */
  async send(asked: HomeRequest, { signal: given }: Cancellable): Promise<HomeAnswer> {
    const signal = AbortSignal.any([given, this.#closing.signal]);
    const { clock } = this.#options;
    const sent = this.#request(asked);
    // For as long as the exchange goes on, not just up to its answer.
    const abort = onAbort(signal, () => sent.destroy());
    sent.once("close", () => abort[Symbol.dispose]());
    try {
      return await withDeadline({ signal, clock, ms: limits.answer, what: "the gateway's answer" }, () =>
        answerTo(sent),
      );
    } catch (error) {
      sent.destroy();
      signal.throwIfAborted();
      // A connection that ended while it lay idle; nothing was done, and asking twice does no harm.
      const isStale = sent.reusedSocket && ["ECONNRESET", "EPIPE"].includes(systemCode(error) ?? "");
      if (isStale && asked.method === "GET") return await this.send(asked, { signal: given });
      throw lost(error);
    }
  }

  /** A question of our own. */
  async ask({ method, path, body, limit }: HttpQuestion, cancel: Cancellable): Promise<HttpAnswer> {
    const bytes = body === undefined ? undefined : Buffer.from(body, "utf8");
    const headers = {
      accept: "application/json",
      "user-agent": "Gatehouse connect",
      ...(bytes && { "content-type": "application/json" }),
    };
    using _room = await this.room("shared", cancel);
    const { message } = await this.send({ way: "shared", method, path, headers, body: bytes }, cancel);
    this.#options.cookies.note(message.headers["set-cookie"] ?? []);
    const answered = await readBounded(message, limit);
    return { status: message.statusCode ?? 0, headers: message.headers, body: answered };
  }

  /** Ends every exchange. */
  [Symbol.dispose](): void {
    this.#closing.abort(stopped("closed"));
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #request({ way, method, path, headers, body }: HomeRequest): ClientRequest {
    const { cookies, host } = this.#options;
    const cookie = cookies.header?.reveal();
    // A length says that there is none, which a method alone does not.
    const length = body?.length ?? (["GET", "HEAD", "DELETE"].includes(method) ? undefined : 0);
    const all = {
      ...headers,
      host,
      ...(cookie !== undefined && { cookie }),
      ...(length !== undefined && { "content-length": length }),
    };
    return request({ method, path, headers: all, agent: this.#agents[way] }).end(body);
  }
}

const answerTo = (sent: ClientRequest): Promise<HomeAnswer> =>
  new Promise((resolve, reject) => {
    sent.once("response", (message) => resolve({ kind: "answer", message }));
    sent.once("upgrade", (message, socket, head) => resolve({ kind: "upgrade", message, socket, head }));
    sent.on("error", reject);
    sent.once("close", () => reject(new Error("closed before it answered")));
  });

/** Also where the gateway ends the connection of a device that it does not know any more. */
const lost = (error: unknown): GatehouseError => {
  if (isGatehouseError(error)) return error;
  const { code, message } = unreachable(error);
  const remedy =
    "Try again. If it goes on, look at home: `gatehouse remote device list` tells whether this device is still known.";
  return new GatehouseError(code, message, { cause: error, remedy });
};

class ChannelAgent extends Agent {
  readonly #open: () => Promise<TLSSocket>;

  constructor(open: () => Promise<TLSSocket>, keepAlive: boolean) {
    super({ keepAlive, maxFreeSockets: limits.sharedChannels, ...(keepAlive && { timeout: limits.idleChannel }) });
    this.#open = open;
  }

  override createConnection(_: unknown, done?: (error: Error | null, socket: Duplex) => void): undefined {
    const failed = (error: unknown): void => done?.(error as Error, undefined as unknown as Duplex);
    this.#open().then((socket) => done?.(null, socket), failed);
  }
}
