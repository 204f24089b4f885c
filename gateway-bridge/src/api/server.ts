import {
  GatehouseError,
  isError,
  stopped,
  systemCode,
  type Cancellable,
  type EventBus,
  type LoginId,
  type PrincipalId,
} from "@gatehouse/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { constants } from "node:crypto";
import { once } from "node:events";
import { ServerResponse, type IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import { isIPv6, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { WebSocket } from "ws";

import { addressBlock } from "../domain/address-block.ts";
import type { ServerCertificates } from "../ports.ts";
import { presentCertificates } from "../protocols/tls/present-certificates.ts";
import type { Caller, Holder, Visitor } from "../ports.ts";
import { AccessGate, type AccessGateOptions } from "./access-gate.ts";
import { Connections, type ConnectionFigures } from "./connections.ts";
import { EventFeed, type EventFeedOptions } from "./event-feed.ts";
import type { AuditSink } from "../ports.ts";
import type { Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import { LiveSockets } from "./live-sockets.ts";
import type { Page } from "./pages/page-set.ts";
import { Peers } from "./peers.ts";
import { createRouter, type Router } from "./router.ts";

export interface ApiServerOptions extends AccessGateOptions, EventFeedOptions {
  readonly logins: AccessGateOptions["logins"] & {
    /** Tells of each login at the moment it ends. */
    onEnded(listener: (login: LoginId) => void): Disposable;
  };
  /** A literal address or a name; port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** `clientCa`, PEM, signed the certificates of paired clients. */
  readonly tls: { readonly certificates: ServerCertificates; readonly clientCa: string };
  /** Hosts that lead here, beside the address itself, in lower case; with a port where that is not ours. */
  readonly hosts: ReadonlySet<string>;
  readonly handlers: Handlers;
  /** What browsers are shown; nothing unless given. */
  readonly pages?: readonly Page[];
  readonly audit: AuditSink;
  /** Tells of each principal at the moment it is revoked. */
  readonly revocations: Pick<EventBus<PrincipalId>, "on">;
}

/** The gateway's API over HTTPS and WebSocket, TLS 1.3 only. */
export class ApiServer implements AsyncDisposable {
  /** `host:port` that it really listens on. */
  readonly address: string;
  /** Those who hear events. */
  readonly feed: Pick<EventFeed, keyof Holder | "follow">;
  /**
   * Serves a connection that a device made through the relay, inside TLS that ends here: by the same routes and the same gate, and only to
   * the device's person.
   */
  readonly accept: (socket: TLSSocket, visitor: Visitor) => void;
  readonly #connections: Pick<Connections, "figures">;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    {
      address,
      feed,
      accept,
      connections,
    }: Pick<ApiServer, "address" | "feed" | "accept"> & { connections: Pick<Connections, "figures"> },
    resources: AsyncDisposableStack,
  ) {
    this.address = address;
    this.feed = feed;
    this.accept = accept;
    this.#connections = connections;
    this.#resources = resources;
  }

  /** @throws GatehouseError `address-in-use`, `config-invalid` where it cannot listen */
  static async open(options: ApiServerOptions, { signal }: Cancellable): Promise<ApiServer> {
    signal.throwIfAborted();
    await using opening = new AsyncDisposableStack();
    const server = createTlsServer();
    opening.use(presentCertificates(server, options.tls.certificates, tlsPolicy(options.tls.clientCa)));
    const connections = new Connections(options.clock);
    connections.watch(server);
    const peers = new Peers();
    const gate = new AccessGate(options, peers);
    const feed = opening.use(new EventFeed(options));
    const heads = new WeakMap<IncomingMessage, Buffer>();
    const closing = new AbortController();
    const live = opening.use(new LiveSockets(options));
    const upgrade = <T>({ raw }: FastifyRequest, reply: FastifyReply, accept: (head: Buffer) => T): T => {
      const head = heads.get(raw);
      if (head === undefined) throw new GatehouseError("request-invalid", "this comes over a WebSocket only");
      const accepted = accept(head);
      reply.raw.detachSocket(raw.socket);
      reply.hijack();
      return accepted;
    };
    const acceptEvents = (request: FastifyRequest, reply: FastifyReply, caller: Caller): void =>
      upgrade(request, reply, (head) =>
        feed.accept(request.raw, head, {
          peer: peers.nameOf(request.raw.socket),
          caller: () => gate.renew(request.raw, caller),
        }),
      );
    const acceptLive = (request: FastifyRequest, reply: FastifyReply, caller: Caller): WebSocket => {
      const stands = (): boolean => gate.renew(request.raw, caller) !== undefined;
      return upgrade(request, reply, (head) =>
        live.accept(request.raw, head, {
          principal: caller.principal.id,
          login: caller.login?.id,
          block: addressBlock(peers.nameOf(request.raw.socket)),
          stands,
        }),
      );
    };
    const refuseLive = (socket: WebSocket, error: unknown): void => live.refuse(socket, error);
    const { signal: closed } = closing;
    const router = opening.adopt(
      createRouter({
        ...options,
        server,
        gate,
        connections,
        peers,
        acceptEvents,
        acceptLive,
        refuseLive,
        signal: closed,
      }),
      (each) => each.close(),
    );
    await router.ready();
    routeUpgrades(server, router, heads);
    const lockOut = (owner: PrincipalId | LoginId): void => {
      live.end(owner);
      connections.end(owner);
    };
    opening.use(options.revocations.on(lockOut));
    opening.use(options.logins.onEnded(lockOut));
    const address = await listen(server, options.listen);
    opening.defer(async () => {
      const gone = once(server.close(), "close");
      closing.abort(stopped("shutdown"));
      connections.endAll();
      await gone;
    });
    options.log.info("listening", { address });
    const accept = (socket: TLSSocket, visitor: Visitor): void => {
      peers.welcome(socket, visitor);
      connections.welcome(socket, peers.nameOf(socket));
      if (closed.aborted) socket.destroy();
      if (!socket.destroyed) server.emit("secureConnection", socket);
    };
    return new ApiServer({ address, feed, accept, connections }, opening.move());
  }

  /** How many connections there are, and how many it ended. */
  get connections(): ConnectionFigures {
    return this.#connections.figures;
  }

  /** Ends every request and connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Of every certificate that is shown: each needs the clients' authority, or those who come by its name are strangers. */
const tlsPolicy = (clientCa: string): SecureContextOptions => ({
  ca: clientCa,
  minVersion: "TLSv1.3",
  // Nobody resumes a session: each connection proves its key anew.
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const createTlsServer = (): Server => {
  const server = createServer({
    requestCert: true,
    // Clients that pair have no certificate yet, so the handshake lets them in; the gate looks at `authorized` and the
    // pinned key of every request, and without both a caller is a stranger.
    // eslint-disable-next-line no-restricted-syntax -- server side: nothing is trusted by this, see above
    rejectUnauthorized: false,
    handshakeTimeout: limits.tlsHandshake,
    maxHeaderSize: limits.headers,
    connectionsCheckingInterval: limits.headersTimeout / 2,
  });
  server.headersTimeout = limits.headersTimeout;
  server.requestTimeout = limits.requestTimeout;
  server.keepAliveTimeout = limits.keepAlive;
  return server;
};

/**
 * Sends upgrades through the router like any request, so that they meet the same gate. Node has let go of such a
 * connection; whoever is not upgraded is answered and closed.
 */
const routeUpgrades = (server: Server, router: Router, heads: WeakMap<IncomingMessage, Buffer>): void => {
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (request.method !== "GET") {
      socket.destroy();
      return;
    }
    heads.set(request, head);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    // Not merely ended: a client that never ends its half would keep its place for good, and no timeout of Node's looks here.
    response.once("finish", () => request.socket.destroySoon());
    router.routing(request, response);
  });
};

const listen = async (server: Server, { host, port }: ApiServerOptions["listen"]): Promise<string> => {
  try {
    await once(server.listen({ host, port }), "listening");
  } catch (cause) {
    const code = systemCode(cause) === "EADDRINUSE" ? "address-in-use" : "config-invalid";
    const why = isError(cause) ? cause.message : String(cause);
    throw new GatehouseError(code, `the API cannot listen on ${host}:${port}: ${why}`, { cause });
  }
  const { address, port: bound } = server.address() as AddressInfo;
  return isIPv6(address) ? `[${address}]:${bound}` : `${address}:${bound}`;
};
