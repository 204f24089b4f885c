import { fromWireError, GatehouseError, readBounded, WireError, type Cancellable } from "@gatehouse/shared";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

import { headersBack, headersHome, type Headers } from "./header-policy.ts";
import type { HomeHttp } from "./home-http.ts";
import { limits } from "./limits.ts";
import { loginOver, type PersonLogin } from "./person-login.ts";
import type { RequestPlan } from "./request-plan-policy.ts";

/** One request of a local program, which was let in. */
export interface ApiExchange {
  readonly request: IncomingMessage;
  readonly plan: Extract<RequestPlan, { kind: "forward" }>;
  readonly http: Pick<HomeHttp, "room" | "send">;
  readonly login: Pick<PersonLogin, "secret" | "note" | "forget">;
}

/**
 * Passes a request on, and its answer back, at the reader's pace.
 * @throws GatehouseError `login-over`, `request-invalid` for a body that is too long, or what the way home says
 */
export const exchange = async (
  { request, plan, http, login }: ApiExchange,
  response: ServerResponse,
  cancel: Cancellable,
): Promise<void> => {
  const body = await readBody(request);
  using _room = await http.room(plan.way, cancel);
  login.secret();
  const { method = "", url: path = "", rawHeaders } = request;
  // The length is told anew: of what was read.
  const { "content-length": _length, ...headers } = sendable(headersHome(rawHeaders));
  const { message } = await http.send({ way: plan.way, method, path, headers, body }, cancel);
  if (plan.aboutLogin) login.note(message.headers["set-cookie"] ?? []);
  await passBack(message, { login, response }, cancel);
};

/**
 * Opens a WebSocket at home for a local program, and joins the two.
 * @throws GatehouseError `login-over`, or what the way home says
 */
export const joinWebSockets = async (
  { request, plan, http, login }: ApiExchange,
  local: { readonly socket: Duplex; readonly head: Buffer; readonly response: ServerResponse },
  cancel: Cancellable,
): Promise<void> => {
  using _room = await http.room(plan.way, cancel);
  login.secret();
  const { method = "", url: path = "", rawHeaders } = request;
  const headers = { ...sendable(headersHome(rawHeaders)), connection: "Upgrade", upgrade: "websocket" };
  const answer = await http.send({ way: plan.way, method, path, headers }, cancel);
  if (answer.kind === "answer") {
    await passBack(answer.message, { login, response: local.response }, cancel);
    return;
  }
  const { socket, head } = local;
  local.response.detachSocket(request.socket);
  socket.write(switching(answer.message));
  socket.write(answer.head);
  answer.socket.write(head);
  await Promise.allSettled([pipeline(socket, answer.socket), pipeline(answer.socket, socket)]);
};

/** What the gateway would not take is not sent. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (length === undefined && encoding === undefined) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.body) {
      throw new GatehouseError("request-invalid", `the request's body is longer than ${limits.body} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const passBack = async (
  message: IncomingMessage,
  { login, response }: Pick<ApiExchange, "login"> & { readonly response: ServerResponse },
  { signal }: Cancellable,
): Promise<void> => {
  const { statusCode = 502, statusMessage = "", rawHeaders } = message;
  const headers = sendable(headersBack(rawHeaders));
  if (statusCode !== 401) {
    response.writeHead(statusCode, statusMessage, headers);
    await pipeline(message, response, { signal });
    return;
  }
  const body = await readBounded(message, limits.body);
  // To a program at this port it would say that the port's own credential is wrong.
  if (codeIn(body) === "unauthenticated") {
    login.forget();
    throw loginOver();
  }
  response.writeHead(statusCode, statusMessage, headers).end(body);
};

const sendable = (headers: Headers): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));

const codeIn = (body: Buffer): string | undefined => {
  try {
    const wire = WireError.safeParse(JSON.parse(body.toString("utf8")));
    return wire.success ? fromWireError(wire.data).code : undefined;
  } catch {
    return undefined;
  }
};

/** RFC 9110 15.2.2 */
const switching = ({ rawHeaders }: IncomingMessage): Buffer => {
  const lines = Object.entries(headersBack(rawHeaders)).flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}`),
  );
  const head = ["HTTP/1.1 101 Switching Protocols", "connection: Upgrade", "upgrade: websocket", ...lines, "", ""];
  return Buffer.from(head.join("\r\n"), "latin1");
};
