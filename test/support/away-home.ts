import {
  saveDeviceIdentity,
  systemClock,
  type Camera,
  type DeviceIdentity,
  type LoginId,
  type Me,
  type PrincipalId,
} from "@gatehouse/shared";
import { FakeRelay, makeCamera, MemoryLogger } from "@gatehouse/shared/testing";
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocketServer } from "ws";

import { DoorWorld, type TestDevice } from "../../gateway-bridge/src/relay/door/testing/door-world.ts";
import type { SignedInVisitor } from "../../gateway-bridge/src/ports.ts";
import { HomeConnection } from "../../gateway-bridge/src/relay/connect/home-connection.ts";
import type { LineState } from "../../gateway-bridge/src/relay/connect/home-line.ts";
import { KeptIdentity } from "../../gateway-bridge/src/relay/connect/kept-identity.ts";
import { LocalCredential } from "../../gateway-bridge/src/relay/connect/credential.ts";

/** What the gateway at home was asked, by whatever way. */
export interface HeardRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface AwayHomeOptions {
  /** Takes RTSP connections over. */
  readonly toRtsp?: (socket: TLSSocket, visitor: SignedInVisitor) => void;
}

type Answer = (request: HeardRequest, response: ServerResponse) => void;

export const annasPassword = "correct horse battery staple";
const person = "who-annaannaannaanna" as PrincipalId;

/**
 * A computer away from home, and at home the gateway's real door; the relay between them, and the API behind the door, are the test's. The API
 * knows one person, and sets another cookie whenever it is asked to step up.
 */
export class AwayHome implements AsyncDisposable {
  readonly relay: FakeRelay;
  readonly world: DoorWorld;
  readonly device: TestDevice;
  readonly log = new MemoryLogger();
  readonly states: LineState[] = [];
  readonly heard: HeardRequest[] = [];
  readonly cookies: string[] = [];
  readonly credential = LocalCredential.draw();
  readonly identityFile: string;
  readonly connection: HomeConnection;
  /** By `METHOD path`; what is not here answers as a list. */
  readonly answers = new Map<string, Answer>();
  readonly camera: Camera = makeCamera();
  readonly #api: Server;
  readonly #stack: AsyncDisposableStack;
  ports = { api: 0, rtsp: 0 };

  private constructor(
    parts: Pick<AwayHome, "relay" | "world" | "device" | "identityFile"> & { readonly kept: KeptIdentity },
    stack: AsyncDisposableStack,
  ) {
    const { kept } = parts;
    this.relay = parts.relay;
    this.world = parts.world;
    this.device = parts.device;
    this.identityFile = parts.identityFile;
    this.#stack = stack;
    const onState = (state: LineState): void => void this.states.push(state);
    this.connection = new HomeConnection({ kept, clock: systemClock, log: this.log, onState });
    this.#api = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({ noServer: true });
    this.#api.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#hear(request, "");
      if (!this.#isSignedIn(request)) {
        socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (client) => client.on("message", (data) => client.send(data)));
    });
  }

  static async open({ toRtsp }: AwayHomeOptions = {}): Promise<AwayHome> {
    await using opening = new AsyncDisposableStack();
    const behind: { home?: AwayHome } = {};
    const toApi = (socket: TLSSocket): void => behind.home?.receive(socket);
    const world = opening.use(new DoorWorld({ toApi, ...(toRtsp && { toRtsp }) }));
    const device = world.pair(person);
    const relay = opening.use(
      await FakeRelay.open({
        onChannel: ({ stream, thumbprint }) =>
          world.door.accept({ ...device, thumbprint: thumbprint, source: "192.0.2.7", stream }),
      }),
    );
    relay.admitted.add(device.thumbprint);
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-away-"));
    opening.defer(() => rm(folder, { recursive: true }));
    const identityFile = join(folder, "device.json");
    await saveDeviceIdentity(identityFile, identityOf(device, relay, world));
    const kept = await KeptIdentity.open(identityFile);
    return (behind.home = new AwayHome({ relay, world, device, identityFile, kept }, opening.move()));
  }

  receive(socket: TLSSocket): void {
    this.#api.emit("connection", socket);
  }

  /** Signs in, and opens the ports. */
  async enter(): Promise<void> {
    await this.connection.signIn({ loginName: "anna", password: annasPassword, code: "123456" }, never);
    this.ports = await this.connection.listen({ api: 0, rtsp: 0, credential: this.credential }, never);
  }

  get api(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  get bearer(): string {
    return `Bearer ${this.credential.secret.reveal()}`;
  }

  /** Asks the loopback port as a program does that knows the credential. */
  ask(
    path: string,
    { headers, ...init }: Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return fetch(`${this.api}${path}`, { ...init, headers: { authorization: this.bearer, ...headers } });
  }

  /** The login of the newest cookie is over. */
  endLogin(): void {
    this.world.logins.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]();
    this.#api.closeAllConnections();
    await this.#stack.disposeAsync();
  }

  #hear(request: IncomingMessage, body: string): HeardRequest {
    const { method = "", url: path = "", headers, rawHeaders } = request;
    const heard = { method, path, headers, rawHeaders, body };
    this.heard.push(heard);
    return heard;
  }

  #isSignedIn({ headers }: Pick<IncomingMessage, "headers">): boolean {
    const value = /__Host-gatehouse=([\w-]{43})/.exec(headers.cookie ?? "")?.[1];
    return value !== undefined && this.world.logins.has(value);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const heard = this.#hear(request, Buffer.concat(chunks).toString());
    const key = `${heard.method} ${heard.path}`;
    const own = this.answers.get(key);
    if (key === "POST /v1/sign-in/password") this.#signIn(heard, response);
    else if (key !== "GET /v1/door" && !this.#isSignedIn(heard)) {
      send(response, 401, wireError("unauthenticated"));
    } else if (own !== undefined) own(heard, response);
    else if (key === "POST /v1/me/step-up/password") send(response, 200, me, this.#newCookies());
    else if (key === "DELETE /v1/me/login") {
      this.endLogin();
      send(response, 200, {}, ["__Host-gatehouse=; Path=/; Max-Age=0"]);
    } else send(response, 200, this.#usual(key));
  }

  #usual(key: string): unknown {
    if (key === "GET /v1/me") return me;
    if (key === "GET /v1/remote/way-home") return identityOf(this.device, this.relay, this.world).wayHome;
    if (key === "GET /v1/door") return door;
    return [this.camera];
  }

  #signIn({ body }: HeardRequest, response: ServerResponse): void {
    const { loginName, password, code } = JSON.parse(body) as Record<string, string>;
    const isAnna = loginName === "anna" && password === annasPassword && code === "123456";
    if (isAnna) send(response, 200, me, this.#newCookies());
    else send(response, 401, wireError("sign-in-refused"));
  }

  #newCookies(): string[] {
    const [login, device] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
    this.cookies.push(login, device);
    this.world.logins.clear();
    this.world.signIn(person, login);
    return [`__Host-gatehouse=${login}; Path=/; Secure`, `__Host-gatehouse-device=${device}; Path=/; Secure`];
  }
}

const never = { signal: new AbortController().signal };

const identityOf = (device: TestDevice, relay: FakeRelay, world: DoorWorld): DeviceIdentity => ({
  version: 1,
  device: device.device,
  name: "Anna's laptop",
  person,
  gateway: { id: "gw-aaaaaaaaaaaaaaaa" as DeviceIdentity["gateway"]["id"], name: "Home" },
  certificate: device.shown.cert,
  privateKey: device.shown.key,
  wayHome: { tunnel: relay.tunnel, relay: relay.place, gatewayKeys: world.keys.shown.map(({ pin }) => pin) },
});

const send = (response: ServerResponse, status: number, body: unknown, setCookies: readonly string[] = []): void => {
  const headers = {
    "content-type": "application/json",
    ...(setCookies.length > 0 && { "set-cookie": [...setCookies] }),
  };
  response.writeHead(status, headers).end(JSON.stringify(body));
};

const wireError = (code: string): object => ({
  error: { code, message: "no", retry: "never", remedy: "None.", details: {} },
});

const me: Me = {
  person: {
    id: person,
    name: "Anna",
    loginName: "anna",
    grants: [],
    roles: [],
    factors: { password: true, totp: true, passkeys: 0, recoveryCodes: 8 },
    created: 1,
    lastLogin: null,
  },
  login: {
    id: "login-aaaaaaaaaaaaaaaa" as LoginId,
    person,
    device: "A browser",
    factors: ["password", "totp"],
    created: 1,
    used: 1,
    ends: 2,
    steppedUp: null,
    current: true,
  },
  admin: false,
  needs: [],
  notices: [],
};

const door = {
  name: "Home",
  firstRun: false,
  passkeys: false,
  canonical: "https://gw-aaaaaaaaaaaaaaaa.local:8443",
  trust: { fingerprint: "AA", kind: "home" },
};
