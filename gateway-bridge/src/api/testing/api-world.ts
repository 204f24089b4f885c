import {
  EventBus,
  GatewayClient,
  GatewayId,
  PrincipalId,
  randomId,
  SessionId,
  silentLogger,
  type Action,
  type CameraId,
  type Clock,
  type Event,
  type Grant,
  type Identity,
  type Notice,
  type Place,
  type Principal,
  type PrincipalKind,
  systemClock,
} from "@gatehouse/shared";
import {
  fakeCameraId,
  makeCamera,
  makeCertificate,
  signCertificate,
  type TestCertificate,
} from "@gatehouse/shared/testing";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";

import { AccessTally } from "../../audit/access-tally.ts";
import type { AuditEntry } from "../../ports.ts";
import type { FileAnswer, HandledRouteName, HandlerAnswer, Handlers } from "../handlers.ts";
import { fixedCertificates } from "../../tls/testing/fixed-certificates.ts";
import { ApiServer, type ApiServerOptions } from "../server.ts";
import { FakeLogins } from "./fake-logins.ts";
import { passkeySamples } from "./passkey-expectations.ts";
import { peopleSamples } from "./people-expectations.ts";
import { postureSamples } from "./posture-expectations.ts";
import { remoteSamples } from "./remote-expectations.ts";
import { rightSamples } from "./right-expectations.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  /** Without, a stranger asks. */
  readonly as?: Pick<Identity, "certificate" | "privateKey">;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface DialOptions {
  readonly as?: Pick<Identity, "certificate" | "privateKey">;
  readonly session?: Buffer;
  readonly localAddress?: string;
}

type Samples = { readonly [N in Exclude<HandledRouteName, "live">]: HandlerAnswer<N> } & { readonly live: undefined };

export const session = SessionId.parse("ses-aaaaaaaaaaaaaaaa");
const srtp = { key: Buffer.alloc(16).toString("base64"), salt: Buffer.alloc(14).toString("base64") };
const gateway = { id: GatewayId.parse("gw-aaaaaaaaaaaaaaaa"), name: "Home", version: "0.1.0" };

export const here = fakeCameraId("a");
export const elsewhere = fakeCameraId("b");
export const grantOf = (action: Action, camera: Grant["camera"] = here): Grant => ({ action, camera });
/** What an owner holds. */
export const everything = (["admin", "live", "snapshot", "events"] as const).map((action) => grantOf(action, "*"));

/** A WebSocket's first words. */
export const upgradeText = (path: string, extra = ""): string =>
  [
    `GET ${path} HTTP/1.1`,
    "host: gateway",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    `sec-websocket-key: ${"A".repeat(22)}==`,
    `${extra}\r\n`,
  ].join("\r\n");

/** Everything that comes until the other side closes. */
export const readAll = async (socket: Socket): Promise<string> => {
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  // A reset is a close, too.
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
};

const file = (name: string): FileAnswer => ({
  contentType: "application/octet-stream",
  name,
  chunks: (async function* () {
    yield Buffer.from(name);
  })(),
});

/** A well-formed answer of every route. */
export const samples: Samples = {
  ...peopleSamples,
  ...passkeySamples,
  ...rightSamples,
  ...remoteSamples,
  ...postureSamples,
  pair: {
    principal: PrincipalId.parse("who-zzzzzzzzzzzzzzzz"),
    name: "New",
    gateway: { id: gateway.id, name: gateway.name },
    certificate: "PEM",
  },
  status: {
    gateway: { ...gateway, started: 1 },
    listen: "127.0.0.1:1",
    cameras: 1,
    principals: 1,
    streams: [],
    audit: { rows: 0, intact: true },
  },
  listCameras: [makeCamera()],
  addCamera: makeCamera(),
  discoverCameras: [],
  removeCamera: {},
  snapshot: { jpeg: Buffer.from("jpeg"), capturedAt: 7 },
  live: undefined,
  get clip() {
    const chunks = (async function* () {
      yield Buffer.from("film");
    })();
    return { startedAt: 7, chunks, ended: new AbortController().signal };
  },
  offerWebRtc: { id: session, sdp: "v=0\r\n" },
  endWebRtc: {},
  prepareHomeKitSession: { id: session, address: "127.0.0.1", video: { port: 5000, ssrc: 1, srtp }, audio: null },
  startHomeKitSession: {},
  endHomeKitSession: {},
  offerPairing: { pairingString: "gh1.x.y.z", expires: 5 },
  addApplication: {
    principal: PrincipalId.parse("who-zzzzzzzzzzzzzzzz"),
    username: "who-zzzzzzzzzzzzzzzz",
    password: "password",
    rtsp: [],
  },
  listPrincipals: [],
  revokePrincipal: {},
  changeGrants: {
    id: PrincipalId.parse("who-zzzzzzzzzzzzzzzz"),
    name: "Changed",
    kind: "homebridge",
    grants: [],
    created: 1,
    revoked: null,
  },
  health: { cameras: [], transcoder: { available: false, version: null, sandbox: [], missing: [] }, gateway: [] },
  metrics: { contentType: "text/plain; version=0.0.4", text: "# none\n" },
  openApi: { openapi: "3.1.1", info: { title: "Gatehouse", version: "0.0.0" }, paths: {}, components: {} },
  trust: {
    url: "https://127.0.0.1:1/trust/ca.crt",
    fingerprint: "AA",
    expires: 1,
    certificates: [],
    named: null,
    notice: null,
  },
  get trustPem() {
    return file("ca.pem");
  },
  get trustDer() {
    return file("ca.crt");
  },
  get trustProfile() {
    return file("ca.mobileconfig");
  },
  setDnsToken: {},
  dismissOwnNotice: {},
  listNotices: [],
  dismissNotice: {},
  confirmClock: { now: 5 },
  listAudit: [],
  verifyAudit: {
    rows: 0,
    intact: true,
    firstBad: null,
    contradiction: null,
    heads: 0,
    newestHead: null,
    pushed: "nowhere",
  },
  listAuditHeads: { key: "key", heads: [] },
  updateState: {
    current: "0.1.0",
    supportedUntil: 0,
    available: null,
    step: null,
    advisories: { asOf: null, found: [] },
  },
  get exportAudit() {
    const chunks = (async function* () {
      yield Buffer.from("rows");
    })();
    return { contentType: "application/jsonl", name: "rows.jsonl", chunks };
  },
};

/** The API server with everything round it in the test's hands. */
export class ApiWorld implements AsyncDisposable {
  readonly certificate: TestCertificate;
  readonly principals = new Map<string, Principal>();
  /** By name and password, as the header has them. */
  readonly applications = new Map<string, Principal>();
  readonly events = new EventBus<Event>(silentLogger);
  readonly notices = new EventBus<Notice>(silentLogger);
  readonly revocations = new EventBus<PrincipalId>(silentLogger);
  readonly audit: AuditEntry[] = [];
  readonly sessions = new Map<SessionId, { principal: PrincipalId; camera: CameraId }>();
  /** Handlers that ran, with what they were given. */
  readonly handled: { readonly name: HandledRouteName; readonly request: { readonly signal: AbortSignal } }[] = [];
  readonly cameras = [makeCamera({ id: here, name: "Here" }), makeCamera({ id: elsewhere, name: "Elsewhere" })];
  readonly motion: CameraId[] = [];
  /** Where everybody seems to come from. */
  place: Place = "home";
  ownBox = true;
  /** People who are signed in, by their Cookie header. */
  readonly logins = new FakeLogins();
  readonly #clients: GatewayClient[] = [];
  #server: ApiServer | undefined;

  private constructor(certificate: TestCertificate) {
    this.certificate = certificate;
  }

  static async open(over: Partial<Handlers> = {}, clock: Clock = systemClock): Promise<ApiWorld> {
    const world = new ApiWorld(makeCertificate({ name: "gateway" }));
    world.#server = await ApiServer.open(world.options(over, clock), { signal: new AbortController().signal });
    return world;
  }

  /** What the server is opened with. */
  options(over: Partial<Handlers> = {}, clock: Clock = systemClock): ApiServerOptions {
    const audit = { append: (entry: AuditEntry) => void this.audit.push(entry), failing: false };
    const { certificate, privateKey } = this.certificate;
    return {
      listen: { host: "127.0.0.1", port: 0 },
      tls: { certificates: fixedCertificates({ key: privateKey, cert: certificate }), clientCa: certificate },
      hosts: new Set(["gateway:443"]),
      handlers: this.#handlers(over),
      principals: {
        byPin: (pin) => this.principals.get(pin),
        get: (id) => [...this.principals.values()].find((principal) => principal.id === id),
      },
      logins: this.logins,
      applications: { verifyBasic: (username, password) => this.applications.get(`${username}:${password}`) },
      revocations: this.revocations,
      sessions: { find: (id) => this.sessions.get(id) },
      placeOf: () => this.place,
      isOwnAddress: () => this.ownBox,
      audit,
      accesses: new AccessTally({ audit, clock, log: silentLogger }),
      events: this.events,
      notices: { onRaised: (listener) => this.notices.on(listener) },
      gateway,
      cameras: () => this.cameras,
      inMotion: () => this.motion,
      clock,
      log: silentLogger,
    };
  }

  #handlers(over: Partial<Handlers>): Handlers {
    const names = Object.keys(samples) as HandledRouteName[];
    const handlers = names.map((name) => {
      const own = over[name] as ((request: unknown) => Promise<unknown>) | undefined;
      const handler = async (request: { readonly signal: AbortSignal }): Promise<unknown> => {
        this.handled.push({ name, request });
        return own === undefined ? samples[name] : own(request);
      };
      return [name, handler];
    });
    return Object.fromEntries(handlers) as Handlers;
  }

  get feed(): ApiServer["feed"] {
    if (this.#server === undefined) throw new Error("the server is closed");
    return this.#server.feed;
  }

  get connections(): ApiServer["connections"] {
    if (this.#server === undefined) throw new Error("the server is closed");
    return this.#server.connections;
  }

  /** Puts other grants in the place of a principal's. */
  change(id: PrincipalId, grants: readonly Grant[]): void {
    for (const [pin, principal] of this.principals) {
      if (principal.id === id) this.principals.set(pin, { ...principal, grants: [...grants] });
    }
  }

  get address(): string {
    return this.#server?.address ?? "";
  }

  /** A paired client with these grants. */
  pair(kind: PrincipalKind, grants: readonly Grant[] = []): Identity {
    const id = PrincipalId.parse(randomId("who"));
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { pin, privateKey } = makeCertificate({ keys });
    const issuer = { name: "gateway", privateKey: createPrivateKey(this.certificate.privateKey) };
    this.principals.set(pin, { id, name: `${kind} ${id}`, kind, grants: [...grants], created: 1, revoked: null });
    return {
      version: 1,
      address: this.address,
      gatewayPin: this.certificate.pin,
      gatewayId: gateway.id,
      principal: id,
      certificate: signCertificate(id, keys.publicKey, issuer),
      privateKey,
    };
  }

  /** The header that an application with these grants logs in with. */
  addApplication(grants: readonly Grant[] = []): { readonly authorization: string } {
    const id = PrincipalId.parse(randomId("who"));
    const login = `${id}:${randomId("ses")}`;
    this.applications.set(login, { id, name: id, kind: "application", grants: [...grants], created: 1, revoked: null });
    return { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  }

  /** Marks a principal revoked, and tells so. */
  revoke(id: PrincipalId): void {
    for (const [pin, principal] of this.principals) {
      if (principal.id === id) this.principals.set(pin, { ...principal, revoked: 2 });
    }
    this.revocations.emit(id);
  }

  /** The client that plugins use; closed with the world. */
  client(identity: Identity): GatewayClient {
    const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    this.#clients.push(client);
    return client;
  }

  /** A TLS connection of a stranger, or `as` a paired client. */
  async dial({ as, ...options }: DialOptions = {}): Promise<TLSSocket> {
    const [host = "", port] = this.address.split(":");
    const { certificate: cert, privateKey: key } = as ?? {};
    const ca = this.certificate.certificate;
    const trust = { ca, checkServerIdentity: () => undefined };
    const socket = connect({ host, port: Number(port), cert, key, ...trust, ...options });
    await once(socket, "secureConnect");
    socket.on("error", () => undefined);
    return socket;
  }

  /** Serves a connection that a device made through the relay. */
  get accept(): ApiServer["accept"] {
    if (this.#server === undefined) throw new Error("the server is closed");
    return this.#server.accept;
  }

  /** One request over a connection of its own. */
  async ask(question: Question): Promise<Answer> {
    return this.askOver(await this.dial({ as: question.as }), question);
  }

  /** One request, after which the connection is closed. */
  async askOver(socket: TLSSocket, { method, path, headers = {}, body }: Question): Promise<Answer> {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    const asked = httpsRequest({
      method,
      path,
      headers: { host: this.address, ...content, ...headers },
      createConnection: () => socket,
    });
    asked.end(body);
    try {
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      let text = "";
      for await (const part of response.setEncoding("utf8") as AsyncIterable<string>) text += part;
      const isJson = text !== "" && /^application\/json(?:;|$)/.test(response.headers["content-type"] ?? "");
      const json = isJson ? (JSON.parse(text) as unknown) : undefined;
      return { status: response.statusCode ?? 0, headers: response.headers, text, json };
    } finally {
      socket.destroy();
    }
  }

  /** Closes the server alone. */
  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.stop();
  }
}
