import {
  errorRegistry,
  GatehouseError,
  isError,
  routes,
  stopped,
  toGatehouseError,
  toWireError,
  type Clock,
  type Logger,
  type Principal,
  type Route,
  type RouteName,
} from "@gatehouse/shared";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Server } from "node:https";
import type { WebSocket } from "ws";

import type { Authority } from "../domain/authority.ts";
import type { AccessLog, AuditSink, Caller } from "../ports.ts";
import type { AccessGate } from "./access-gate.ts";
import { Arrival } from "./arrival.ts";
import { audited } from "./audit-trail.ts";
import type { Connections } from "./connections.ts";
import type { Browser, Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import type { Page } from "./pages/page-set.ts";
import { servePages } from "./pages/serve-pages.ts";
import { parsePart } from "./parse-request.ts";
import type { Peers } from "./peers.ts";
import { securityHeaders } from "./security-headers.ts";
import { sendAnswer } from "./send-answer.ts";

export interface RouterOptions {
  readonly server: Server;
  /** Hosts that lead here, beside the address itself. */
  readonly hosts: ReadonlySet<string>;
  readonly gate: AccessGate;
  readonly connections: Pick<Connections, "claim" | "begin" | "answered" | "spare">;
  readonly peers: Peers;
  readonly handlers: Handlers;
  /** What browsers are shown; nothing unless given. */
  readonly pages?: readonly Page[];
  readonly audit: AuditSink;
  readonly accesses: AccessLog;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes over a request for the events WebSocket, whose sender was let in. */
  readonly acceptEvents: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => void;
  /** Takes over a request for a live view. */
  readonly acceptLive: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => WebSocket;
  /** Tells a live viewer why there is nothing to see. */
  readonly refuseLive: (socket: WebSocket, error: unknown) => void;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

export type Router = FastifyInstance<Server>;

/** What the gate found out about a request before its body was read. */
interface Admitted {
  readonly name: RouteName;
  readonly caller: Caller | undefined;
  readonly principal: Principal | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly authority: Authority | undefined;
  readonly startedAt: number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route's name in the table, where its access is declared. */
    readonly route?: RouteName;
    /** One of the pages, which hold nothing and are nobody's. */
    readonly page?: true;
  }
}

/** The route table as a fastify instance. Nothing reaches a handler except through the gate. */
export const createRouter = (options: RouterOptions): Router => {
  const { server, log } = options;
  const app = fastify<Server>({
    serverFactory: (handler) => server.on("request", handler),
    bodyLimit: limits.body,
    routerOptions: { maxParamLength: limits.param },
    exposeHeadRoutes: false,
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendError(log, error, { request, reply }),
  });
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser("application/sdp", { parseAs: "string" }, async (_: FastifyRequest, text: string) => text);
  app.addHook("onRoute", ({ config, url }) => {
    if (config?.route === undefined && config?.page !== true)
      throw new TypeError(`the route ${url} declares no access`);
  });
  app.setErrorHandler((error, request, reply) => sendError(log, error, { request, reply }));
  app.setNotFoundHandler((request, reply) =>
    sendError(log, new GatehouseError("not-found", "there is no such route"), { request, reply }),
  );
  addRoutes(app, options);
  servePages(app, options.pages ?? []);
  return app;
};

const addRoutes = (app: Router, options: RouterOptions): void => {
  const { hosts, gate, accesses, connections, peers, clock, log } = options;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  app.addHook("onRequest", async (request, reply) => {
    const { route, page } = request.routeOptions.config;
    const action = route ?? "-";
    const { socket } = request.raw;
    const writeDown = (why: string): void =>
      accesses.deny({ principal: "-", action, target: "-" }, why, peers.nameOf(socket));
    const arrival = new Arrival(request.raw, { hosts, local: peers.localEndOf(socket), writeDown });
    void reply.headers({ ...securityHeaders(arrival.authority), "x-request-id": request.id });
    connections.begin(request.raw, reply.raw);
    arrival.judgePage(page === true ? "page" : "data");
    const caller = gate.authenticate(request.raw);
    arrival.judgeHost(caller !== undefined);
    if (request.is404 || page === true) return;
    const { authority } = arrival;
    admitted.set(request, admit(request, { caller, authority, gate, connections, peers, clock }));
  });
  app.addHook("onResponse", async (request, reply) => {
    connections.answered(request.raw);
    const { name, principal, startedAt } = admitted.get(request) ?? {};
    const ms = startedAt === undefined ? 0 : Math.round(clock.monotonic() - startedAt);
    const fields = { request: request.id, route: name ?? "-", principal: principal?.id ?? "-" };
    log.debug("request answered", { ...fields, status: reply.statusCode, ms });
  });
  for (const [name, { method, path }] of Object.entries(routes)) {
    app.route({
      method,
      url: path,
      config: { route: name as RouteName },
      handler: async (request, reply) => {
        const found = admitted.get(request);
        if (found === undefined) throw new TypeError("a request came past the gate");
        return answer(found, options, { request, reply });
      },
    });
  }
};

/** Whether who asks may: all that is decided before a byte of the body is read. */
const admit = (
  request: FastifyRequest,
  {
    caller,
    authority,
    gate,
    connections,
    peers,
    clock,
  }: Pick<RouterOptions, "gate" | "connections" | "peers" | "clock"> & Pick<Admitted, "caller" | "authority">,
): Admitted => {
  const name = request.routeOptions.config.route;
  if (name === undefined) throw new TypeError("a route without declared access");
  const { socket } = request.raw;
  const principal = caller?.principal;
  if (principal !== undefined) connections.claim(socket, { principal: principal.id, login: caller?.login?.id });
  const params = parsePart(name, "params", request.params) as Admitted["params"];
  gate.authorize({ name, caller, place: gate.placeOf(socket), peer: peers.nameOf(socket), params });
  if (peers.visitorOf(socket) === undefined) judgeSignIn(name, request);
  return { name, caller, principal, params, authority, startedAt: clock.monotonic() };
};

/** A page of somebody else's must not sign a browser in, as that other person. Browsers name the origin of whatever changes something. */
const judgeSignIn = (name: RouteName, { headers }: FastifyRequest): void => {
  const { access, method }: Route = routes[name];
  if (access.on !== "anybody" || method === "GET" || headers.origin !== undefined) return;
  throw new GatehouseError("origin-refused", "people sign in on the gateway's own page");
};

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const answer = async (found: Admitted, options: RouterOptions, exchange: Exchange): Promise<unknown> => {
  const { name, caller, principal, params } = found;
  const { request, reply } = exchange;
  const query = parsePart(name, "query", request.query);
  const body = parsePart(name, "body", request.body);
  if (name === "events") {
    if (caller === undefined) throw new TypeError("a stranger came past the gate");
    options.acceptEvents(request, reply, caller);
    return reply;
  }
  const cookies: string[] = [];
  const browser: Browser = {
    cookieHeader: request.headers.cookie,
    userAgent: request.headers["user-agent"],
    authority: found.authority,
    visitor: options.peers.visitorOf(request.raw.socket),
    setCookies: (values) => void cookies.push(...values),
  };
  const words = { params, query, body, principal, ...caller, browser, peer: options.peers.nameOf(request.raw.socket) };
  const run = (situation: { readonly signal: AbortSignal; readonly socket?: WebSocket }): Promise<unknown> => {
    const handler = options.handlers[name] as (request: unknown) => Promise<unknown>;
    return audited(options.audit, found, () => {
      situation.signal.throwIfAborted();
      return handler({ ...words, ...situation });
    });
  };
  if (name === "live" && caller !== undefined) return showLive(run, options, { ...exchange, caller });
  // What somebody does about itself may end its own login, and with it this connection.
  if (mayEndItself(name)) {
    const spared = options.connections.spare(request.raw.socket);
    reply.raw.once("close", () => spared[Symbol.dispose]());
  }
  const result = await run({ signal: AbortSignal.any([whileConnected(reply), options.signal]) });
  for (const cookie of cookies) void reply.header("set-cookie", cookie);
  return sendAnswer(reply, { name, params, result, clock: options.clock });
};

const mayEndItself = (name: RouteName): boolean => {
  const { access, method }: Route = routes[name];
  return method !== "GET" && (access.on === "login" || access.on === "anybody" || name === "endLogin");
};

/** From here on the client hears over the WebSocket, of failures too: browsers show a page nothing of a refused upgrade. */
const showLive = async (
  run: (situation: { readonly signal: AbortSignal; readonly socket: WebSocket }) => Promise<unknown>,
  { acceptLive, refuseLive, signal: closing }: RouterOptions,
  { request, reply, caller }: Exchange & { readonly caller: Caller },
): Promise<FastifyReply> => {
  const socket = acceptLive(request, reply, caller);
  const leaving = new AbortController();
  socket.once("close", () => leaving.abort(stopped("closed")));
  try {
    await run({ signal: AbortSignal.any([leaving.signal, closing]), socket });
  } catch (error) {
    refuseLive(socket, error);
  }
  return reply;
};

/** Aborts when the client is gone before it was answered. */
const whileConnected = ({ raw }: FastifyReply): AbortSignal => {
  const leaving = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) leaving.abort(stopped("closed"));
  });
  return leaving.signal;
};

const sendError = (log: Logger, thrown: unknown, { request, reply }: Exchange): void => {
  const error = toGatehouseError(refusedByFastify(thrown) ?? thrown);
  if (error.code === "internal") {
    const cause = isError(error.cause) ? error.cause : error;
    log.error("request failed unexpectedly", { request: request.id, error: error.message, stack: cause.stack });
  }
  // What the framework refuses by itself meets no hook.
  if (!reply.hasHeader("x-content-type-options")) void reply.headers(securityHeaders(undefined));
  void reply.code(errorRegistry[error.code].status).type("application/json; charset=utf-8");
  void reply.send(JSON.stringify(toWireError(error)));
};

/** What fastify itself refused, in our words: its own may quote what was sent. */
const refusedByFastify = (thrown: unknown): GatehouseError | undefined => {
  const { code, statusCode = 500 } = thrown as { readonly code?: unknown; readonly statusCode?: number };
  if (typeof code !== "string" || !code.startsWith("FST_") || statusCode >= 500) return undefined;
  const words: Readonly<Record<string, string>> = {
    FST_ERR_CTP_BODY_TOO_LARGE: `the body is longer than ${limits.body} bytes`,
    FST_ERR_CTP_INVALID_MEDIA_TYPE: "the body must be application/json",
    FST_ERR_CTP_EMPTY_JSON_BODY: "the body is empty",
    FST_ERR_CTP_INVALID_JSON_BODY: "the body is not valid JSON",
  };
  return new GatehouseError("request-invalid", words[code] ?? "the request is malformed");
};
