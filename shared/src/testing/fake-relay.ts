import { createHash, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";

import { GatewayId, PrincipalId } from "../contract/ids.ts";
import type { DeviceIdentity, RelayPlace } from "../contract/remote.ts";
import { verifyAdmission } from "../relay/admission.ts";
import { frameLimits, readFrame, writeFrame } from "../relay/frame.ts";
import { DeviceHello, Proof, type Challenge, type Verdict, type Way } from "../relay/messages.ts";
import { DeviceId, RelayName, relayProtocols, TunnelId } from "../relay/names.ts";
import { spkiPin } from "../client/pinned-tls.ts";
import { makeCertificate, signCertificate, type TestCertificate } from "./certificate.ts";

/** A channel of a device that was let through. */
export interface FakeChannel {
  readonly stream: TLSSocket;
  readonly way: Way;
  /** The device's pin. */
  readonly thumbprint: string;
}

export interface FakeRelayOptions {
  /** Takes each channel over. */
  readonly onChannel: (channel: FakeChannel) => void;
  /** Its own key; another one each time unless told. */
  readonly certificate?: TestCertificate;
  /** What it says instead of the truth. May be changed while it runs. */
  readonly lies?: { challenge?: (truth: Challenge) => unknown; verdict?: (truth: Verdict) => unknown };
  /** What it speaks; what relays speak with devices unless told. */
  readonly protocols?: readonly string[];
}

/** The half of a relay that devices see, for tests of devices: real TLS, real frames, real signatures. It lets through whom it was told to. */
export class FakeRelay implements AsyncDisposable {
  readonly place: RelayPlace;
  readonly tunnel: TunnelId = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");
  readonly certificate: TestCertificate;
  /** Pins of devices that may knock. */
  readonly admitted = new Set<string>();
  /** What devices said, in its order. */
  readonly heard: (DeviceHello | Proof)[] = [];
  /** Whose TLS was agreed to. */
  connections = 0;
  readonly #options: FakeRelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(server: Server, certificate: TestCertificate, options: FakeRelayOptions) {
    const { port } = server.address() as AddressInfo;
    this.place = { address: `127.0.0.1:${port}`, name: RelayName.parse("relay.test"), keys: [certificate.pin] };
    this.certificate = certificate;
    this.#server = server;
    this.#options = options;
    server.on("secureConnection", (socket) => void this.#accept(socket));
  }

  static async open(options: FakeRelayOptions): Promise<FakeRelay> {
    const { certificate = ed25519Certificate("relay"), protocols = [relayProtocols.device] } = options;
    const server = createServer({
      cert: certificate.certificate,
      key: certificate.privateKey,
      minVersion: "TLSv1.3",
      ALPNProtocols: [...protocols],
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new FakeRelay(server, certificate, options);
  }

  /** Ends every connection; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    this.cut();
    await closed;
  }

  async #accept(socket: TLSSocket): Promise<void> {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    try {
      const { way, thumbprint, verdict } = await this.#judge(socket);
      writeFrame(socket, this.#options.lies?.verdict?.(verdict) ?? verdict);
      if (verdict.open) this.#options.onChannel({ stream: socket, way, thumbprint });
    } catch {
      socket.destroy();
    }
  }

  async #judge(socket: TLSSocket): Promise<{ way: Way; thumbprint: string; verdict: Verdict }> {
    const frames = { limit: frameLimits.device, signal: new AbortController().signal };
    const hello = await readFrame(socket, DeviceHello, frames);
    this.heard.push(hello);
    const nonce = randomBytes(32).toString("base64url");
    const truth: Challenge = { v: 1, relay: this.place.name, nonce, time: 1_700_000_000_000 };
    writeFrame(socket, this.#options.lies?.challenge?.(truth) ?? truth);
    const proof = await readFrame(socket, Proof, frames);
    this.heard.push(proof);
    const spki = Buffer.from(proof.key, "base64");
    const thumbprint = createHash("sha256").update(spki).digest("base64url");
    const context = { ...truth, relayKey: this.certificate.pin, gateway: this.tunnel };
    const isRight = verifyAdmission(spki, proof.signature, context) && this.admitted.has(thumbprint);
    const verdict: Verdict =
      isRight && hello.gateway === this.tunnel ? { open: true } : { open: false, why: "refused", retryMs: 400 };
    return { way: hello.way, thumbprint, verdict };
  }
}

/** A certificate of an Ed25519 key that signs itself. */
export const ed25519Certificate = (name: string): TestCertificate =>
  makeCertificate({ name, keys: generateKeyPairSync("ed25519") });

/** A device of a gateway's person, for tests. */
export interface TestDevice {
  readonly identity: DeviceIdentity;
  readonly thumbprint: string;
}

export interface TestDeviceOptions {
  /** Signs the device's certificate. */
  readonly authority: { readonly name: string; readonly privateKey: KeyObject };
  readonly relay: Pick<FakeRelay, "place" | "tunnel">;
  /** Pins of the key that the gateway shows inside. */
  readonly gatewayKeys: readonly string[];
}

export const makeDevice = ({ authority, relay, gatewayKeys }: TestDeviceOptions): TestDevice => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const device = DeviceId.parse("dev-aaaaaaaaaaaaaaaa");
  const identity: DeviceIdentity = {
    version: 1,
    device,
    name: "Anna's laptop",
    person: PrincipalId.parse("who-annaannaannaanna"),
    gateway: { id: GatewayId.parse("gw-fakefakefakefake"), name: "Home" },
    certificate: signCertificate(device, publicKey, authority),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    wayHome: { tunnel: relay.tunnel, relay: relay.place, gatewayKeys: [...gatewayKeys] },
  };
  return { identity, thumbprint: spkiPin(publicKey.export({ type: "spki", format: "der" })) };
};
