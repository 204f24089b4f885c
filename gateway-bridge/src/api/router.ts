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

import type { AuditSink, Snapshot } from "../ports.ts";
import type { AccessGate } from "./access-gate.ts";
import { audited } from "./audit-trail.ts";
import type { Connections } from "./connections.ts";
import type { Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import { parsePart } from "./parse-request.ts";

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

const answer = async (found: Admitted, options: RouterOptions, { request, reply }: Exchange): Promise<unknown> => {
  const { name, principal, params } = found;
  const query = parsePart(name, "query", request.query);
  const body = parsePart(name, "body", request.body);
  if (name === "events") {
    options.acceptEvents(request, reply);
    return reply;
  }
  const signal = AbortSignal.any([whileConnected(reply), options.signal]);
  const handler = options.handlers[name] as (request: unknown) => Promise<unknown>;
  const result = await audited(options.audit, found, () => {
    signal.throwIfAborted();
    return handler({ params, query, body, principal, peer: request.raw.socket.remoteAddress ?? "", signal });
  });
  return send(reply, found, result);
};

/** Aborts when the client is gone before it was answered. */
const whileConnected = ({ raw }: FastifyReply): AbortSignal => {
  const leaving = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) leaving.abort(stopped("closed"));
  });
  return leaving.signal;
};

const send = (reply: FastifyReply, { name, params }: Admitted, result: unknown): FastifyReply => {
  const { response }: Route = routes[name];
  if (response === "websocket") throw new TypeError("a WebSocket is not answered");
  if (response === "jpeg") {
    const { jpeg, capturedAt } = result as Snapshot;
    return reply.headers({ "x-captured-at": capturedAt, "x-camera": params["camera"] }).type("image/jpeg").send(jpeg);
  }
  const checked = response.safeParse(result);
  // An answer with a field too many is a leak until shown otherwise.
  if (!checked.success) throw new TypeError(`the answer of ${name} breaks its schema: ${checked.error.message}`);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(checked.data));
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
