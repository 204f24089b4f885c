import { createPrivateKey, createPublicKey } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import type { z } from "zod";
import { WebSocketServer, type WebSocket } from "ws";

import { routes, type JsonRouteName, type RouteAnswer, type RouteName, type RouteRequest } from "../contract/api.ts";
import type { Route } from "../contract/route.ts";
import type { Camera } from "../contract/camera.ts";
import { ServerMessage, type Event } from "../contract/event.ts";
import { CameraId, GatewayId, PrincipalId } from "../contract/ids.ts";
import type { Identity } from "../contract/pairing.ts";
import { formatPairingString } from "../contract/pairing-string.ts";
import { toWireError } from "../contract/wire-error.ts";
import { errorRegistry, GatehouseError, systemCode, toGatehouseError } from "../kernel/errors.ts";
import type { Picture } from "../client/call-route.ts";
import { makeCertificate, signCertificate, type TestCertificate } from "./certificate.ts";

export type FakeRouteName = Exclude<RouteName, "events" | "pair">;
type FakeAnswer<N extends FakeRouteName> = N extends JsonRouteName ? RouteAnswer<N> : Picture;
export type FakeHandlers = {
  [N in FakeRouteName]?: (request: RouteRequest<N>) => FakeAnswer<N> | Promise<FakeAnswer<N>>;
};

export interface FakeGatewayOptions {
  /** What the gateway does; a route without a handler answers `not-found`. May be changed while it runs. */
  readonly handlers?: FakeHandlers;
  /** For `hello`, and for `listCameras` where that has no handler. May be changed while it runs. */
  readonly cameras?: Camera[];
  /** Cameras in motion, for `hello`. */
  readonly motion?: CameraId[];
  /** A port to come back on. */
  readonly port?: number;
  /** A key to come back with. */
  readonly certificate?: TestCertificate;
}

/**
 * A gateway without cameras, for tests of what talks to one: real TLS, HTTP and WebSocket, served from the same route
 * table and checked by the same schemas. It believes every client that shows a certificate, and knows no grants.
 */
export class FakeGateway implements AsyncDisposable {
  readonly address: string;
  readonly certificate: TestCertificate;
  /** A client that is paired already. */
  readonly identity: Identity;
  /** Works once. */
  readonly pairingString: string;
  /** Every request that passed its schema, oldest first. */
  readonly requests: { readonly name: RouteName; readonly request: unknown }[] = [];
  readonly #options: FakeGatewayOptions;
  /** TLS connections accepted so far. */
  connections = 0;
  readonly #server: Server;
  readonly #changes = new EventEmitter();
  readonly #sockets = new WebSocketServer({ noServer: true });
  #unpaired = true;
  #revoked = false;

  private constructor(server: Server, certificate: TestCertificate, options: FakeGatewayOptions) {
    const { port } = server.address() as AddressInfo;
    this.address = `127.0.0.1:${port}`;
    this.certificate = certificate;
    this.#server = server;
    this.#options = options;
    const client = makeCertificate({ name: "client" });
    const keyHash = Buffer.from(certificate.pin, "base64url").subarray(0, 16);
    this.pairingString = formatPairingString({ address: this.address, keyHash, secret: Buffer.alloc(16, 0x5e) });
    this.identity = {
      version: 1,
      address: this.address,
      gatewayPin: certificate.pin,
      gatewayId,
      principal,
      certificate: client.certificate,
      privateKey: client.privateKey,
    };
    server.on("secureConnection", () => (this.connections += 1));
    server.on("request", (request, response) => void this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async open(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const { certificate = makeCertificate({ name: "gateway" }), port = 0 } = options;
    const server = createServer({
      cert: certificate.certificate,
      key: certificate.privateKey,
      minVersion: "TLSv1.3",
      requestCert: true,
      // eslint-disable-next-line no-restricted-syntax -- a fake for tests: it takes any certificate as a paired client's
      rejectUnauthorized: false,
    });
    await listen(server, port);
    return new FakeGateway(server, certificate, options);
  }

  /** How many clients hear events now. */
  get watchers(): number {
    return this.#sockets.clients.size;
  }

  /** Resolves once `met` holds, looked at after each client that comes or goes. */
  async until(met: () => boolean): Promise<void> {
    while (!met()) await once(this.#changes, "change");
  }

  /** Sends an event to every client that listens. */
  emit(event: Event): void {
    this.#send([...this.#sockets.clients], { kind: "event", event });
  }

  /** Sends any text to every client that listens. */
  say(text: string): void {
    for (const client of this.#sockets.clients) client.send(text);
  }

  /** Leaves every connection open and answers nothing more on it, as a machine does that hangs. */
  freeze(): void {
    for (const client of this.#sockets.clients) client.pause();
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
  }

  /** From now on nobody is let in. */
  revoke(): void {
    this.#revoked = true;
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    this.cut();
    await closed;
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { name, params, query } = find(message);
      this.#admit(name, message.socket);
      const body = await readJson(message);
      const request = parseRequest(name, { params, query, body });
      this.requests.push({ name, request });
      this.#reply(response, name, await this.#handle(name, request));
    } catch (error) {
      const wire = toWireError(error);
      const { status } = errorRegistry[toGatehouseError(error).code];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(wire));
    }
  }

  #reply(response: ServerResponse, name: RouteName, answer: unknown): void {
    if (name === "snapshot") {
      const { jpeg, capturedAt } = answer as Picture;
      response.writeHead(200, { "content-type": "image/jpeg", "x-captured-at": capturedAt }).end(jpeg);
      return;
    }
    const checked = jsonSchema(name).parse(answer);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(checked));
  }

  async #handle(name: RouteName, request: RouteRequest<RouteName>): Promise<unknown> {
    if (name === "pair") return this.#pair(request);
    const handler = name === "events" ? undefined : this.#options.handlers?.[name];
    if (handler !== undefined) return (handler as (request: unknown) => unknown)(request);
    if (name === "listCameras") return this.#options.cameras ?? [];
    throw new GatehouseError("not-found", `the fake gateway has no handler for ${name}`);
  }

  #pair({ body }: RouteRequest<"pair">): RouteAnswer<"pair"> {
    const right = body.secret === Buffer.alloc(16, 0x5e).toString("base64url");
    if (!right || !this.#unpaired) throw new GatehouseError("pairing-invalid", "this pairing string does not work");
    this.#unpaired = false;
    const publicKey = createPublicKey({ key: Buffer.from(body.publicKey, "base64"), format: "der", type: "spki" });
    const issuer = { name: "gateway", privateKey: createPrivateKey(this.certificate.privateKey) };
    const certificate = signCertificate(principal, publicKey, issuer);
    return { principal, name: "Client", gateway: { id: gatewayId, name: "Fake gateway" }, certificate };
  }

  #admit(name: RouteName, socket: Duplex): void {
    if (routes[name].access.on === "pairing") return;
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (this.#revoked || shown === undefined) {
      throw new GatehouseError("unauthenticated", "this client is not paired");
    }
  }

  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      if (find(message).name !== "events") throw new GatehouseError("not-found", "no such WebSocket");
      this.#admit("events", socket);
    } catch (error) {
      const body = JSON.stringify(toWireError(error));
      const { status } = errorRegistry[toGatehouseError(error).code];
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      return;
    }
    this.#sockets.handleUpgrade(message, socket, head, (client) => {
      client.on("error", () => client.terminate());
      client.on("close", () => setImmediate(() => this.#changes.emit("change")));
      this.requests.push({ name: "events", request: {} });
      const { cameras = [], motion = [] } = this.#options;
      const gateway = { id: gatewayId, name: "Fake gateway", version: "0.0.0" };
      this.#send([client], { kind: "hello", gateway, principal: { id: principal, name: "Client" }, cameras, motion });
    });
  }

  #send(clients: readonly WebSocket[], message: ServerMessage): void {
    const text = JSON.stringify(ServerMessage.parse(message));
    for (const client of clients) client.send(text);
  }
}

const gatewayId = GatewayId.parse("gw-fakefakefakefake");
const principal = PrincipalId.parse("who-fakefakefakefake");

/** A camera's id for tests: `cam-` and the letter sixteen times. */
export const fakeCameraId = (letter = "a"): CameraId => CameraId.parse(`cam-${letter.repeat(16)}`);

/** A camera as a gateway tells of it, for tests. */
export const makeCamera = (over: Partial<Camera> = {}): Camera => ({
  id: fakeCameraId(),
  name: "Front door",
  kind: "onvif",
  manufacturer: "Maker",
  model: "Model",
  firmware: "1.0",
  serial: "1",
  tiers: [{ name: "main", codec: "h264", width: 1920, height: 1080, fps: 25 }],
  audio: "none",
  snapshot: true,
  motion: true,
  talk: false,
  warm: false,
  state: { kind: "ready" },
  ...over,
});

interface Found {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** A port of last time may have been borrowed meanwhile, by an outgoing connection of whatever program: for a moment. */
const mostTries = 50;
const triedEveryMs = 100;

const listen = async (server: Server, port: number): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await once(server.listen(port, "127.0.0.1"), "listening");
      return;
    } catch (error) {
      if (port === 0 || tries === mostTries || systemCode(error) !== "EADDRINUSE") throw error;
      await pause(triedEveryMs);
    }
  }
};

const find = ({ method, url = "" }: IncomingMessage): Found => {
  const { pathname, searchParams } = new URL(url, "https://gateway");
  for (const [name, route] of Object.entries(routes)) {
    const form = new RegExp(`^${route.path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
    const match = route.method === method ? form.exec(pathname) : null;
    if (match === null) continue;
    return { name: name as RouteName, params: { ...match.groups }, query: Object.fromEntries(searchParams) };
  }
  throw new GatehouseError("not-found", `no such route: ${method ?? ""} ${pathname}`);
};

const parseRequest = (
  name: RouteName,
  given: Record<"params" | "query" | "body", unknown>,
): RouteRequest<RouteName> => {
  const part = (key: "params" | "query" | "body"): unknown => {
    const parsed = (routes[name][key] as z.ZodType).safeParse(given[key]);
    if (!parsed.success) throw new GatehouseError("request-invalid", `${key}: ${parsed.error.message}`);
    return parsed.data;
  };
  return { params: part("params"), query: part("query"), body: part("body") } as RouteRequest<RouteName>;
};

const jsonSchema = (name: RouteName): z.ZodType => {
  const { response }: Route = routes[name];
  if (typeof response === "string") throw new TypeError(`${name} does not answer with JSON`);
  return response;
};

const readJson = async (message: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : (JSON.parse(text) as unknown);
};
