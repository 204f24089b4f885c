import {
  GatehouseError,
  spkiPin,
  stopped,
  toGatehouseError,
  toWireError,
  type Cancellable,
  type Logger,
} from "@gatehouse/shared";
import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { TLSSocket } from "node:tls";

import type { AuditSink } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import type { ControlCertificate } from "../operators/operator-authority.ts";
import type { Operator } from "../operators/operator.ts";
import type { Operators } from "../operators/operators.ts";
import { controlCalls, isControlCall, type ControlCallName } from "./calls.ts";
import { judgeControl, type ControlVerdict } from "./control-policy.ts";
import type { ControlHandlers, Handled } from "./handlers.ts";
import { listenPrivately } from "./private-socket.ts";
import { readAtMost } from "./read-at-most.ts";
import type { SignIns } from "./sign-ins.ts";

/** Sizes in bytes, times in ms. */
const limits = { body: 16 << 10, headers: 8 << 10, handshake: 5_000, request: 10_000, connections: 16 } as const;

export interface ControlServerOptions {
  /** Where the socket is to be. */
  readonly path: string;
  readonly certificate: ControlCertificate;
  readonly operators: Operators;
  readonly signIns: SignIns;
  readonly handlers: ControlHandlers;
  readonly database: Database;
  readonly audit: AuditSink;
  readonly log: Logger;
}

/**
 * Where operators work at the relay: HTTPS on a unix socket, each call one POST. Whoever has no operator's certificate gets no further
 * than TLS.
 */
export class ControlServer implements AsyncDisposable {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #closing = new AbortController();
  #socket: AsyncDisposable | undefined;

  private constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        ...options.certificate,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: "TLSv1.3",
        // Nobody resumes a session: each call proves its key anew.
        secureOptions: constants.SSL_OP_NO_TICKET,
        handshakeTimeout: limits.handshake,
        maxHeaderSize: limits.headers,
        headersTimeout: limits.request,
        requestTimeout: limits.request,
      },
      (request, response) => void this.#respond(request, response),
    );
    this.#server.maxConnections = limits.connections;
    this.#server.on("tlsClientError", (error) =>
      options.log.debug("an operator's connection failed", { error: error.message }),
    );
  }

  /** @throws GatehouseError `data-folder` */
  static async open(options: ControlServerOptions, { signal }: Cancellable): Promise<ControlServer> {
    signal.throwIfAborted();
    const server = new ControlServer(options);
    server.#socket = await listenPrivately(server.#server, options.path);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("shutdown"));
    const closed = this.#socket?.[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options;
    response.setHeader("connection", "close");
    response.setHeader("content-type", "application/json");
    try {
      const { answer, after } = await this.#answer(request);
      if (after !== undefined) response.once("close", after);
      response.end(JSON.stringify(answer));
    } catch (cause) {
      const error = toGatehouseError(cause);
      if (error.code === "internal") log.error("an operator's call failed", { error: error.message });
      response.statusCode = toStatus(error);
      response.end(JSON.stringify(toWireError(error)));
    }
  }

  async #answer(request: IncomingMessage): Promise<Handled<unknown>> {
    const name = /^\/v1\/([A-Za-z]{1,32})$/.exec(request.url ?? "")?.[1] ?? "";
    if (request.method !== "POST" || !isControlCall(name)) throw invalid("there is no such call");
    const body = await readBody(request);
    // Looked at after the body has come: somebody may have been removed while it did.
    const operator = this.#admit(name, request);
    const parsed = controlCalls[name].request.safeParse(body);
    if (!parsed.success) throw invalid(issueOf(parsed.error.issues));
    return this.#perform(name, parsed.data, operator);
  }

  /** Who calls, where the call is open to that. @throws GatehouseError `operator-...`, having written refusals down */
  #admit(name: ControlCallName, { socket, headers }: IncomingMessage): Operator {
    const { operators, signIns, audit } = this.#options;
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    const operator = shown && operators.byPin(spkiPin(shown.publicKey.export({ type: "spki", format: "der" })));
    const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(headers.authorization ?? "")?.[1];
    const signedIn = operator !== undefined && token !== undefined && signIns.has(operator, token);
    const verdict = judgeControl({ role: controlCalls[name].role, token: name !== "signIn" }, { operator, signedIn });
    if (verdict === "allowed" && operator !== undefined) return operator;
    if (verdict === "denied") {
      audit.append({
        principal: operator?.id ?? "-",
        action: name,
        target: "-",
        outcome: "denied",
        detail: "an auditor",
      });
    }
    throw refusals[verdict]();
  }

  /** A change and its row in the audit log are one: neither lasts without the other. */
  async #perform(name: ControlCallName, request: unknown, operator: Operator): Promise<Handled<unknown>> {
    const { handlers, database, audit } = this.#options;
    const handle = handlers[name] as (...given: unknown[]) => Handled<unknown> | Promise<Handled<unknown>>;
    const cancel = { signal: this.#closing.signal };
    if (!controlCalls[name].changes) return handle(request, operator, cancel);
    return database.transaction(() => {
      const result = handle(request, operator, cancel) as Handled<unknown>;
      const { target = "-", detail = "" } = result;
      audit.append({ principal: operator.id, action: name, target, outcome: "done", detail });
      return result;
    });
  }
}

const refusals: Readonly<Record<ControlVerdict, () => GatehouseError>> = {
  allowed: () => new GatehouseError("internal", "allowed, by nobody"),
  unknown: () => new GatehouseError("operator-unknown", "This key is no operator's of this relay."),
  "signed-out": () =>
    new GatehouseError("operator-signed-out", "You are not signed in, or not any more: it lasts ten minutes."),
  denied: () => new GatehouseError("operator-denied", "Only operators may do this, and you are an auditor."),
};

const invalid = (message: string): GatehouseError =>
  new GatehouseError("request-invalid", message, {
    remedy: "Give the relay and this command the same version of Gatehouse.",
  });

/** The field and the rule, never the value. */
const issueOf = (issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string =>
  issues
    .slice(0, 4)
    .map(({ path, message }) => `${path.map(String).join(".")}: ${message}`)
    .join("; ");

const toStatus = (error: GatehouseError): number => statuses[error.retry];
const statuses = { later: 503, never: 400 } as const;

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const body = await readAtMost(request, limits.body);
  if (body === undefined) throw invalid("the request is too large");
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw invalid("the request is no JSON");
  }
};
