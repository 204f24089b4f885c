import { Agent, request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { onAbort, stopped, withDeadline, type Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatehouseError, isError, isGatehouseError, systemCode } from "../kernel/errors.ts";
import { parseAddress, type HostAndPort } from "../contract/pairing-string.ts";
import { connectPinned, type PinnedTlsOptions } from "./pinned-tls.ts";

export interface PinnedHttpsOptions extends Pick<PinnedTlsOptions, "accepts" | "certificate" | "privateKey"> {
  /** `host:port`. */
  readonly address: string;
  readonly clock: Clock;
}

export interface HttpQuestion {
  readonly method: string;
  /** Path and query, escaped. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** Longest answer taken, in bytes. */
  readonly limit: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const handshakeMs = 10_000;
/** Longer than any wait of the gateway's own, whose answer says better what was slow. */
const answerMs = 60_000;

/** HTTP/1.1 to one gateway, over connections that are kept alive and whose key matched before a byte was sent. */
export class PinnedHttps implements Disposable {
  readonly #options: PinnedHttpsOptions;
  readonly #where: HostAndPort;
  readonly #closing = new AbortController();
  readonly #agent: Agent;

  /** @throws GatehouseError `identity-damaged` when the address is none */
  constructor(options: PinnedHttpsOptions) {
    const where = parseAddress(options.address);
    if (where === undefined) throw new GatehouseError("identity-damaged", "the gateway's address is not host:port");
    this.#options = options;
    this.#where = where;
    this.#agent = new PinnedAgent(() => this.connect({ signal: this.#closing.signal }));
  }

  /** A connection of its own, for what outlives a question. */
  connect(cancel: Cancellable): Promise<TLSSocket> {
    const { clock, address, accepts, certificate, privateKey } = this.#options;
    const what = `the gateway at ${address}`;
    return withDeadline({ ...cancel, clock, ms: handshakeMs, what, code: "gateway-unreachable" }, (within) =>
      connectPinned(
        {
          ...this.#where,
          accepts,
          certificate,
          privateKey,
          minVersion: "TLSv1.3",
          mismatch: "gateway-impostor",
          unreachable: "gateway-unreachable",
        },
        within,
      ),
    );
  }

  /** @throws GatehouseError `gateway-unreachable`, `gateway-impostor`, `gateway-answer-malformed`, `timeout`, or the signal's reason */
  async ask(question: HttpQuestion, cancel: Cancellable): Promise<HttpAnswer> {
    const signal = AbortSignal.any([cancel.signal, this.#closing.signal]);
    return await withDeadline(
      { signal, clock: this.#options.clock, ms: answerMs, what: "the gateway's answer" },
      (within) => this.#exchange(question, within),
    );
  }

  async #exchange(question: HttpQuestion, { signal }: Cancellable): Promise<HttpAnswer> {
    signal.throwIfAborted();
    const request = this.#send(question);
    const abort = onAbort(signal, (reason) => request.destroy(isError(reason) ? reason : undefined));
    try {
      const answer = await response(request);
      const body = await readBounded(answer, question.limit);
      return { status: answer.statusCode ?? 0, headers: answer.headers, body };
    } catch (error) {
      signal.throwIfAborted();
      // A connection that the gateway closed while it lay idle; nothing was done, and asking twice does no harm.
      const stale = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(systemCode(error) ?? "");
      if (stale && question.method === "GET") {
        return await this.#exchange(question, { signal });
      }
      throw unreachable(error);
    } finally {
      abort[Symbol.dispose]();
    }
  }

  /**
   * The body of a good answer, piece by piece; every other answer becomes the error that `refused` makes of it. The deadline is for each
   * piece, not for the whole.
   */
  async *fetch(
    question: HttpQuestion,
    { signal: given, refused }: Cancellable & { readonly refused: (answer: HttpAnswer) => Error },
  ): AsyncGenerator<Buffer, void> {
    const signal = AbortSignal.any([given, this.#closing.signal]);
    signal.throwIfAborted();
    const request = this.#send(question);
    const abort = onAbort(signal, () => request.destroy());
    const within = <T>(wait: () => Promise<T>): Promise<T> =>
      withDeadline({ signal, clock: this.#options.clock, ms: answerMs, what: "the gateway's answer" }, wait);
    try {
      const answer = await within(() => response(request));
      const status = answer.statusCode ?? 0;
      if (status !== 200) {
        const body = await within(() => readBounded(answer, question.limit));
        throw refused({ status, headers: answer.headers, body });
      }
      const pieces = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      for (;;) {
        const piece = await within(() => pieces.next());
        if (piece.done === true) return;
        yield piece.value;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(error);
    } finally {
      abort[Symbol.dispose]();
      request.destroy();
    }
  }

  #send({ method, path, body }: HttpQuestion): ClientRequest {
    const headers: OutgoingHttpHeaders = {
      host: this.#options.address,
      accept: "application/json, image/jpeg",
      ...(body === undefined
        ? method !== "GET" && { "content-length": 0 }
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    return httpsRequest({ method, path, headers, agent: this.#agent }).end(body);
  }

  /** Ends every exchange and closes every connection of the agent; those from `connect` are their holder's. */
  [Symbol.dispose](): void {
    this.#closing.abort(stopped("closed"));
    this.#agent.destroy();
  }
}

class PinnedAgent extends Agent {
  readonly #connect: () => Promise<TLSSocket>;

  constructor(connect: () => Promise<TLSSocket>) {
    super({ keepAlive: true, maxFreeSockets: 2, maxSockets: 16 });
    this.#connect = connect;
  }

  override createConnection(_: unknown, done?: (error: Error | null, socket: Duplex) => void): undefined {
    const failed = (error: unknown): void => done?.(error as Error, undefined as unknown as Duplex);
    this.#connect().then((socket) => done?.(null, socket), failed);
  }
}

const response = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject);
    request.once("close", () => reject(new Error("closed before it answered")));
  });

/** The whole body. Ends the connection as soon as it grows longer than `limit` bytes. */
export const readBounded = async (message: IncomingMessage, limit: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) {
      throw new GatehouseError("gateway-answer-malformed", `the gateway's answer is longer than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** What broke a connection, as a GatehouseError. */
export const unreachable = (error: unknown): GatehouseError => {
  if (isGatehouseError(error)) return error;
  const why = isError(error) ? error.message : String(error);
  return new GatehouseError("gateway-unreachable", `the connection to the gateway broke: ${why}`, { cause: error });
};
