import { GatehouseError, stopped, toGatehouseError, type Cancellable, type Logger } from "@gatehouse/shared";
import { once } from "node:events";
import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";

import { exchange, joinWebSockets, type ApiExchange } from "./api-exchange.ts";
import type { LocalCredential } from "./credential.ts";
import { limits } from "./limits.ts";
import { listenLocally } from "./listen-locally.ts";
import { refuse } from "./local-refusal.ts";
import { judgeLocalRequest } from "./local-request-policy.ts";
import { planRequest } from "./request-plan-policy.ts";

export interface ApiProxyOptions extends Pick<ApiExchange, "http" | "login"> {
  /** 0 takes any free one. */
  readonly port: number;
  readonly credential: Pick<LocalCredential, "isIn">;
  /** Told of each request that went through. */
  readonly onUsed: () => void;
  readonly log: Logger;
}

/**
 * The gateway's API on a port of this computer, for programs that know the credential. What they ask goes home with the login of the
 * device's person; of that login they learn nothing.
 */
export class ApiProxy implements AsyncDisposable {
  readonly port: number;
  readonly #options: ApiProxyOptions;
  readonly #server: Server;
  readonly #closing = new AbortController();
  /** Node's server knows upgraded connections no more. */
  readonly #upgraded = new Set<Duplex>();

  private constructor(options: ApiProxyOptions, { server, port }: { readonly server: Server; readonly port: number }) {
    this.port = port;
    this.#options = options;
    this.#server = server;
    server.on("request", (request, response) => void this.#serve(request, response));
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  /** @throws GatehouseError `address-in-use`, `request-invalid` */
  static async open(options: ApiProxyOptions, { signal }: Cancellable): Promise<ApiProxy> {
    signal.throwIfAborted();
    const server = createServer({
      maxHeaderSize: limits.headers,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAlive,
    });
    server.maxConnections = limits.connections;
    const port = await listenLocally(server, options.port, "the API");
    return new ApiProxy(options, { server, port });
  }

  /** Ends every request and connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    this.#closing.abort(stopped("closed"));
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await exchange(this.#admit(request), response, { signal: this.#whileOpen(response) });
      this.#options.onUsed();
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#upgraded.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#upgraded.delete(socket));
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    // Not merely ended: a client that never ends its half would keep its place, and no timeout of Node's looks here.
    response.once("finish", () => request.socket.destroySoon());
    try {
      const admitted = this.#admit(request);
      if (admitted.plan.way !== "own" || request.headers.upgrade?.toLowerCase() !== "websocket") {
        throw new GatehouseError("request-invalid", "there is no WebSocket");
      }
      await joinWebSockets(admitted, { socket, head, response }, { signal: this.#whileOpen(socket) });
      this.#options.onUsed();
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  /** Whoever asks is let in here or not at all. @throws GatehouseError */
  #admit(request: IncomingMessage): ApiExchange {
    const { method = "", url: target = "", headers, rawHeaders } = request;
    const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
    const { origin, authorization, "sec-fetch-site": site } = headers;
    const verdict = judgeLocalRequest({ hosts, target, origin, site: site?.toString() }, this.port);
    if (verdict.kind === "browser") throw noBrowsers();
    if (verdict.kind === "foreign") throw foreign(verdict.why);
    if (!this.#options.credential.isIn(authorization)) throw unknownProgram();
    const plan = planRequest({ method, target });
    if (plan.kind === "unknown") throw new GatehouseError("not-found", "there is no such route of the gateway's API");
    if (plan.kind === "keep-out") throw keptOut();
    const { http, login } = this.#options;
    return { request, plan, http, login };
  }

  /** Aborts when the program has gone, or the proxy closes. */
  #whileOpen(local: ServerResponse | Duplex): AbortSignal {
    const gone = new AbortController();
    local.once("close", () => {
      // One that has taken all of its answer is gone, too.
      if (!local.writableFinished) gone.abort(stopped("closed"));
    });
    return AbortSignal.any([gone.signal, this.#closing.signal]);
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const { code, message } = toGatehouseError(error);
    const isOver = response.headersSent || response.destroyed;
    if (code === "internal" && !isOver) this.#options.log.error("request failed", { message });
    else this.#options.log.debug(isOver ? "request broke off" : "request refused", { code, message });
    refuse(response, error);
  }
}

const foreign = (why: string): GatehouseError =>
  new GatehouseError("host-unknown", `this request is ${why}`, {
    remedy: "Use the address that `gatehouse connect` printed, as it is.",
  });

const noBrowsers = (): GatehouseError =>
  new GatehouseError("origin-refused", "a browser sent this request, and this port is for programs", {
    remedy:
      "Use a program that asks by itself, as curl does. Pages of others must not reach the cameras through a browser.",
  });

const unknownProgram = (): GatehouseError =>
  new GatehouseError("unauthenticated", "this request does not hold the credential of this port", {
    remedy:
      "Send what `gatehouse connect` printed: `Authorization: Bearer CREDENTIAL`, or the user `gatehouse` with it as the password.",
  });

const keptOut = (): GatehouseError =>
  new GatehouseError("access-denied", "nobody signs in or pairs over this port", {
    remedy: "`gatehouse connect` signs in by itself, as the person whose device this is.",
  });
