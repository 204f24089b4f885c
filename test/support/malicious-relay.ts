import {
  ChannelAnswer,
  DeviceHello,
  encodeFrame,
  Enrol,
  frameLimits,
  FromGateway,
  Proof,
  readFrame,
  relayProtocols,
  signAdmission,
  spkiPin,
  writeFrame,
  type AdmissionContext,
  type FromRelay,
  type OpenChannel,
  type RelayName,
  type RelayPlace,
  type RelayProtocol,
} from "@gatehouse/shared";
import { generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";

import type { ServerCertificate } from "../../gateway-bridge/src/ports.ts";
import { spkiOf } from "../../gateway-bridge/src/protocols/x509/certificate.ts";
import { tunnelCertificate } from "../../gateway-bridge/src/relay/protocol/tunnel-certificate.ts";

/** No test waits for longer, however busy the box is. */
export const patience = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(25_000) });

export interface RelayKey extends ServerCertificate {
  readonly pin: string;
}

export const makeRelayKey = (name = "relay.test"): RelayKey => {
  const keys = generateKeyPairSync("ed25519");
  return { pin: spkiPin(spkiOf(keys.publicKey)), ...tunnelCertificate(name, keys, "server") };
};

export interface MaliciousRelayOptions {
  readonly name?: RelayName;
  readonly key?: RelayKey;
  /** How it speaks TLS, where otherwise than a relay should. */
  readonly tls?: TlsOptions;
}

/**
 * A relay that speaks the protocol with a key of its own and does nothing by itself: what it says, to whom, and whether that is true, is the
 * test's to decide.
 */
export class MaliciousRelay implements AsyncDisposable {
  readonly name: RelayName;
  readonly key: RelayKey;
  readonly #server: Server;
  /** Those included that have yet to finish their handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #heard: TLSSocket[] = [];
  readonly #arrived = new Map<string, TLSSocket[]>();
  #arrival = Promise.withResolvers<undefined>();

  private constructor(name: RelayName, key: RelayKey, tls: TlsOptions) {
    this.name = name;
    this.key = key;
    this.#server = createServer({
      ...{ cert: key.cert, key: key.key, minVersion: "TLSv1.3", requestCert: true },
      ...{ ALPNProtocols: Object.values(relayProtocols), ...tls },
      ...unverified,
    });
    this.#server.on("connection", (raw: Socket) => {
      this.#sockets.add(raw);
      raw.once("close", () => this.#sockets.delete(raw));
    });
    this.#server.on("secureConnection", (socket) => this.#arrive(socket));
    this.#server.on("tlsClientError", () => undefined);
  }

  static async open({
    name = "relay.test",
    key = makeRelayKey(),
    tls = {},
  }: MaliciousRelayOptions = {}): Promise<MaliciousRelay> {
    const relay = new MaliciousRelay(name, key, tls);
    await once(relay.#server.listen(0, "127.0.0.1"), "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get place(): RelayPlace {
    return { address: `127.0.0.1:${this.port}`, name: this.name, keys: [this.key.pin] };
  }

  /** Whoever comes from now on meets this key. */
  show(key: RelayKey): void {
    this.#server.setSecureContext({ cert: key.cert, key: key.key, minVersion: "TLSv1.3" });
  }

  /** Bytes inside TLS that anybody has sent so far. */
  get heardBytes(): number {
    return this.#heard.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  }

  /** Connections that stand, in whatever state. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Connections of a kind that came and were not taken yet. */
  waiting(protocol: RelayProtocol): number {
    return this.#arrived.get(protocol)?.filter(({ destroyed }) => !destroyed).length ?? 0;
  }

  /** The next connection of a kind. */
  async next(protocol: RelayProtocol): Promise<TLSSocket> {
    const { signal } = patience();
    for (;;) {
      const socket = this.#arrived.get(protocol)?.shift();
      if (socket !== undefined) return socket;
      await Promise.race([this.#arrival.promise, once(signal, "abort").then(() => signal.throwIfAborted())]);
    }
  }

  /** The next gateway, welcomed; nothing is confirmed to it yet. */
  async tunnel(welcome: Partial<Extract<FromRelay, { kind: "welcome" }>> = {}): Promise<LyingTunnel> {
    const tunnel = new LyingTunnel(await this.next(relayProtocols.tunnel));
    tunnel.say({
      ...{ kind: "welcome", v: 1, relay: this.name, tunnel: tunnel.id, time: Date.now(), keys: [this.key.pin] },
      ...welcome,
    });
    return tunnel;
  }

  /** The next gateway, admitted as an honest relay does. */
  async admitted(): Promise<LyingTunnel> {
    const tunnel = await this.tunnel();
    await tunnel.admit();
    return tunnel;
  }

  /** The next device, which proves its key to this relay by a nonce of ours. */
  async knock(challenge: {
    readonly nonce: string;
    readonly relay?: RelayName;
    readonly time?: number;
  }): Promise<Knock> {
    const socket = await this.next(relayProtocols.device);
    const limit = frameLimits.device;
    const hello = await readFrame(socket, DeviceHello, { limit, ...patience() });
    const said = { relay: this.name, time: Date.now(), ...challenge };
    writeFrame(socket, { v: 1, ...said });
    const proof = await readFrame(socket, Proof, { limit, ...patience() });
    const open: OpenChannel = { v: 1, nonce: said.nonce, time: said.time, source: "192.0.2.1", ...proof };
    return { socket, hello, open, letIn: () => writeFrame(socket, { open: true }) };
  }

  /** The next gateway with an invite. */
  async enrolling(): Promise<{ readonly socket: TLSSocket; readonly question: Enrol }> {
    const socket = await this.next(relayProtocols.enrol);
    return { socket, question: await readFrame(socket, Enrol, { limit: frameLimits.device, ...patience() }) };
  }

  /** Ends every connection, and takes no more, as a relay that dies does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #arrive(socket: TLSSocket): void {
    this.#heard.push(socket);
    socket.on("error", () => undefined);
    const protocol = String(socket.alpnProtocol);
    this.#arrived.set(protocol, [...(this.#arrived.get(protocol) ?? []), socket]);
    this.#arrival.resolve(undefined);
    this.#arrival = Promise.withResolvers();
  }
}

/** As at every relay: who comes is known by the key alone. */
const unverified = Object.fromEntries([["rejectUnauthorized", false]]);

/** A device that proved its key. */
export interface Knock {
  readonly socket: TLSSocket;
  readonly hello: DeviceHello;
  /** What an honest relay would say of it to the gateway. */
  readonly open: OpenChannel;
  readonly letIn: () => void;
}

/** The relay's end of a gateway's tunnel. */
export class LyingTunnel {
  readonly id: string = randomBytes(32).toString("base64url");
  readonly http: ClientHttp2Session;
  readonly control: ClientHttp2Stream;
  /** What the gateway admits by now. */
  heard: Extract<FromGateway, { kind: "admit" }> | undefined;

  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    const http = connectHttp2("https://gateway", { createConnection: () => socket, settings: { enablePush: false } });
    this.http = http;
    http.on("error", () => undefined);
    this.control = this.stream("/control");
  }

  /** The connection is gone, without a word. */
  die(): void {
    this.#socket.destroy();
  }

  /** Resolves when the gateway has ended it. */
  async ended(): Promise<void> {
    if (!this.http.destroyed) await new Promise((resolve) => this.http.once("close", resolve));
  }

  stream(path: string): ClientHttp2Stream {
    const stream = this.http.request({ ":method": "POST", ":path": path }, { endStream: false });
    return stream.on("error", () => undefined);
  }

  say(word: FromRelay): void {
    writeFrame(this.control, word);
  }

  async hear(): Promise<FromGateway> {
    const word = await readFrame(this.control, FromGateway, { limit: frameLimits.tunnel, ...patience() });
    if (word.kind === "admit") this.heard = word;
    return word;
  }

  /** Hears the next roll, and says that it keeps to it. */
  async admit(): Promise<Extract<FromGateway, { kind: "admit" }>> {
    const word = await this.hear();
    if (word.kind !== "admit") throw new Error(`a ${word.kind} where a roll should come`);
    this.say({ kind: "admitting", epoch: word.epoch });
    return word;
  }

  /** 32 bytes as this tunnel's relay draws them. */
  nonce(salt: string = this.heard?.salt ?? ""): string {
    return Buffer.concat([Buffer.from(salt, "base64url"), randomBytes(16)]).toString("base64url");
  }

  /** A channel on a stream of its own, and what the gateway says to it. */
  open(open: OpenChannel): Promise<OpenedChannel> {
    return openOver(this.stream("/channel"), open);
  }
}

export interface OpenedChannel {
  readonly stream: Duplex;
  /** Undefined where the gateway ended it without a word. */
  readonly answer: boolean | undefined;
}

/** Says what a channel begins with, and perhaps more without waiting; tells what comes back. */
export const openOver = async (stream: Duplex, open: OpenChannel, more?: Buffer): Promise<OpenedChannel> => {
  stream.write(more === undefined ? encodeFrame(open) : Buffer.concat([encodeFrame(open), more]));
  try {
    const { open: answer } = await readFrame(stream, ChannelAnswer, { limit: frameLimits.device, ...patience() });
    return { stream, answer };
  } catch {
    return { stream, answer: undefined };
  }
};

/** What a device signs, and a relay passes on. */
export const prove = (
  device: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  context: AdmissionContext,
): OpenChannel => ({
  v: 1,
  nonce: context.nonce,
  time: context.time,
  key: spkiOf(device.publicKey).toString("base64"),
  signature: signAdmission(device.privateKey, context),
  source: "192.0.2.1",
});
