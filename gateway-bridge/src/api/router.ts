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
  type PrincipalId,
  type RouteName,
} from "@gatehouse/shared";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Server } from "node:https";
import type { WebSocket } from "ws";

import type { AuditSink } from "../ports.ts";
import type { AccessGate } from "./access-gate.ts";
import { audited } from "./audit-trail.ts";
import type { Connections } from "./connections.ts";
import type { Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import { parsePart } from "./parse-request.ts";
import { sendAnswer } from "./send-answer.ts";

export interface RouterOptions {
  readonly server: Server;
  readonly gate: AccessGate;
  readonly connections: Connections;
  readonly handlers: Handlers;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes over a request for the events WebSocket, whose sender was let in. */
  readonly acceptEvents: (request: FastifyRequest, reply: FastifyReply) => void;
  /** Takes over a request for a live view. */
  readonly acceptLive: (request: FastifyRequest, reply: FastifyReply, principal: PrincipalId) => WebSocket;
  /** Tells a live viewer why there is nothing to see. */
  readonly refuseLive: (socket: WebSocket, error: unknown) => void;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

export type Router = FastifyInstance<Server>;

/** What the gate found out about a request before its body was read. */
interface Admitted {
  readonly name: RouteName;
  readonly principal: Principal | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly startedAt: number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route's name in the table, where its access is declared. */
    readonly route?: RouteName;
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
    if (config?.route === undefined) throw new TypeError(`the route ${url} declares no access`);
  });
  app.setErrorHandler((error, request, reply) => sendError(log, error, { request, reply }));
  app.setNotFoundHandler((request, reply) =>
    sendError(log, new GatehouseError("not-found", "there is no such route"), { request, reply }),
  );
  addRoutes(app, options);
  return app;
};

const addRoutes = (app: Router, options: RouterOptions): void => {
  const { gate, connections, clock, log } = options;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // No page of somebody else's may so much as show what a browser's stored login brings.
      "cross-origin-resource-policy": "same-origin",
      "x-request-id": request.id,
    });
    if (request.is404) return;
    admitted.set(request, admit(request, { gate, connections, clock }));
  });
  app.addHook("onResponse", async (request, reply) => {
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

/** Who asks, and whether they may: all that is decided before a byte of the body is read. */
const admit = (
  request: FastifyRequest,
  { gate, connections, clock }: Pick<RouterOptions, "gate" | "connections" | "clock">,
): Admitted => {
  const name = request.routeOptions.config.route;
  if (name === undefined) throw new TypeError("a route without declared access");
  const principal = gate.authenticate(request.raw);
  if (principal !== undefined) connections.claim(request.raw.socket, principal.id);
  const params = parsePart(name, "params", request.params) as Admitted["params"];
  gate.authorize({ name, principal, params });
  return { name, principal, params, startedAt: clock.monotonic() };
};

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const answer = async (found: Admitted, options: RouterOptions, exchange: Exchange): Promise<unknown> => {
  const { name, principal, params } = found;
  const { request, reply } = exchange;
  const query = parsePart(name, "query", request.query);
  const body = parsePart(name, "body", request.body);
  if (name === "events") {
    options.acceptEvents(request, reply);
    return reply;
  }
  const words = { params, query, body, principal, peer: request.raw.socket.remoteAddress ?? "" };
  const run = (situation: { readonly signal: AbortSignal; readonly socket?: WebSocket }): Promise<unknown> => {
    const handler = options.handlers[name] as (request: unknown) => Promise<unknown>;
    return audited(options.audit, found, () => {
      situation.signal.throwIfAborted();
      return handler({ ...words, ...situation });
    });
  };
  if (name === "live" && principal !== undefined) return showLive(run, options, { ...exchange, principal });
  const result = await run({ signal: AbortSignal.any([whileConnected(reply), options.signal]) });
  return sendAnswer(reply, { name, params, result, clock: options.clock });
};

/** From here on the client hears over the WebSocket, of failures too: browsers show a page nothing of a refused upgrade. */
const showLive = async (
  run: (situation: { readonly signal: AbortSignal; readonly socket: WebSocket }) => Promise<unknown>,
  { acceptLive, refuseLive, signal: closing }: RouterOptions,
  { request, reply, principal }: Exchange & { readonly principal: Principal },
): Promise<FastifyReply> => {
  const socket = acceptLive(request, reply, principal.id);
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
