import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket, type TlsOptions } from "node:tls";

import { Secret } from "../kernel/secret.ts";
import { systemClock } from "../kernel/clock.ts";
import { doorName } from "../relay/door-name.ts";
import { innerProtocol } from "../relay/names.ts";
import { makeCertificate } from "../testing/certificate.ts";
import {
  ed25519Certificate,
  FakeRelay,
  makeDevice,
  type FakeChannel,
  type FakeRelayOptions,
  type TestDevice,
} from "../testing/fake-relay.ts";
import { TestClock } from "../testing/test-clock.ts";
import { goHome, openChannel, openInner } from "./relay-channel.ts";
import { spkiPin } from "./pinned-tls.ts";

const never = { signal: new AbortController().signal };
const clock = systemClock;
const authorityKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const authority = { name: "clients", privateKey: authorityKeys.privateKey };
const clientCa = makeCertificate({ name: "clients", keys: authorityKeys }).certificate;
const door = ed25519Certificate("door");

interface Entered {
  readonly name: string | false | null;
  readonly device: string;
  readonly bytes: () => string;
  readonly closed: Promise<unknown>;
}

const closing = (stream: Duplex): Promise<void> => new Promise((resolve) => stream.once("close", () => resolve()));

/** A gateway's door at the end of each channel: it keeps what it hears. */
class FakeDoor {
  readonly entered: Entered[] = [];
  readonly channels: FakeChannel[] = [];
  /** Everything that was said to it inside TLS. */
  heard = "";
  tls: TlsOptions = {};
  readonly #waiting: (() => void)[] = [];

  accept = (channel: FakeChannel): void => {
    this.channels.push(channel);
    const socket = new TLSSocket(channel.stream, {
      isServer: true,
      cert: door.certificate,
      key: door.privateKey,
      ca: clientCa,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
      ALPNProtocols: [innerProtocol],
      ...this.tls,
    } as object);
    socket.on("error", () => socket.destroy());
    socket.once("secure", () => this.#enter(socket));
  };

  async next(): Promise<Entered> {
    while (this.entered.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.entered.shift()!;
  }

  #enter(socket: TLSSocket): void {
    let heard = "";
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString();
      this.heard += bytes.toString();
      for (const go of this.#waiting.splice(0)) go();
    });
    const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
    const name = (socket as TLSSocket & { servername?: string | false | null }).servername ?? null;
    const entered = {
      name,
      device: key === undefined ? "" : spkiPin(key),
      bytes: () => heard,
      closed: closing(socket),
    };
    this.entered.push(entered);
    for (const go of this.#waiting.splice(0)) go();
  }
}

let fake: FakeDoor;
let relay: FakeRelay;
let device: TestDevice;
const lies: NonNullable<FakeRelayOptions["lies"]> = {};
const open = async (options: Partial<FakeRelayOptions> = {}): Promise<void> => {
  fake = new FakeDoor();
  relay = await FakeRelay.open({ onChannel: (channel) => fake.accept(channel), lies, ...options });
  device = makeDevice({ authority, relay, gatewayKeys: [door.pin] });
  relay.admitted.add(device.thumbprint);
};
beforeEach(() => open());
afterEach(async () => {
  delete lies.challenge;
  delete lies.verdict;
  await relay[Symbol.asyncDispose]();
});

const traveller = (over: Partial<TestDevice["identity"]["wayHome"]> = {}) => {
  const { identity } = device;
  return { identity, wayHome: { ...identity.wayHome, ...over }, clock };
};
const knock = (over: Partial<TestDevice["identity"]["wayHome"]> = {}) =>
  openChannel({ ...traveller(over), way: "shared" }, never);
const home = (over: Partial<TestDevice["identity"]["wayHome"]> = {}) =>
  goHome({ ...traveller(over), way: "own", errand: { kind: "api" } }, never);

describe("goHome", () => {
  it("opens a connection that only the gateway can read, as the device, and says what it is for", async () => {
    const socket = await home();
    const entered = await fake.next();
    while (!entered.bytes().includes("\n")) await new Promise(setImmediate);
    expect(entered.bytes()).toBe("GH1 api\n");
    expect(entered.device).toBe(device.thumbprint);
    expect(entered.name).toBe(doorName(door.pin));
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(["TLSv1.3", innerProtocol]);
    expect(relay.heard).toMatchObject([{ gateway: relay.tunnel, way: "own" }, {}]);
    expect(fake.channels.map(({ way }) => way)).toEqual(["own"]);
    socket.destroy();
    await entered.closed;
  });

  it("brings the login along where that is asked for", async () => {
    const errand = { kind: "rtsp", login: Secret.of("c".repeat(43)) } as const;
    const socket = await goHome({ ...traveller(), way: "own", errand }, never);
    const entered = await fake.next();
    while (!entered.bytes().includes("\n")) await new Promise(setImmediate);
    expect(entered.bytes()).toBe(`GH1 rtsp ${"c".repeat(43)}\n`);
    socket.destroy();
  });

  it("ends the channel with the connection", async () => {
    const socket = await home();
    const gone = closing(fake.channels[0]!.stream);
    socket.destroy();
    await gone;
  });

  it("takes any key that the gateway may have, and asks for the newest", async () => {
    const newest = spkiPin(Buffer.from("a key to come"));
    const socket = await home({ gatewayKeys: [newest, door.pin] });
    expect((await fake.next()).name).toBe(doorName(newest));
    socket.destroy();
  });

  it("sends not a byte to a gateway with another key", async () => {
    const other = spkiPin(Buffer.from("another key"));
    await expect(home({ gatewayKeys: [other] })).rejects.toMatchObject({ code: "gateway-impostor" });
    const { stream } = fake.channels[0]!;
    if (!stream.closed) await closing(stream);
    expect(fake.heard).toBe("");
  });

  it("refuses a gateway that speaks something else, or an older TLS", async () => {
    fake.tls = { ALPNProtocols: ["http/1.1"] };
    await expect(home()).rejects.toMatchObject({ code: "gateway-unreachable" });
    // Without a word on protocols.
    const { ALPNProtocols: _none, ...quiet } = fake.tls;
    fake.tls = { ...quiet, ALPNProtocols: undefined };
    await expect(home()).rejects.toMatchObject({ code: "gateway-unreachable" });
    fake.tls = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" };
    await expect(home()).rejects.toMatchObject({ code: "gateway-unreachable" });
  });
});

describe("openChannel", () => {
  it("gives a stream of bytes to the gateway once the relay let it through", async () => {
    fake.accept = (channel) => void fake.channels.push(channel);
    const channel = await knock();
    channel.write("to the gateway");
    const [bytes] = (await once(fake.channels[0]!.stream, "data")) as [Buffer];
    expect(bytes.toString()).toBe("to the gateway");
    channel.destroy();
  });

  it("knocks at a relay with either of two keys", async () => {
    const other = spkiPin(Buffer.from("the relay's next key"));
    for (const keys of [
      [other, relay.certificate.pin],
      [relay.certificate.pin, other],
    ]) {
      (await knock({ relay: { ...relay.place, keys } })).destroy();
    }
  });

  it("sends not a byte to a relay with another key", async () => {
    const keys = [spkiPin(Buffer.from("another key"))];
    await expect(knock({ relay: { ...relay.place, keys } })).rejects.toMatchObject({
      code: "relay-impostor",
      remedy: expect.stringContaining("pair the device again"),
    });
    expect(relay.heard).toEqual([]);
  });

  it("signs nothing for a relay of another name", async () => {
    lies.challenge = (truth) => ({ ...truth, relay: "other.test" });
    await expect(knock()).rejects.toMatchObject({ code: "relay-impostor" });
    expect(relay.heard).toHaveLength(1);
  });

  it("refuses a relay that does not agree to what devices speak", async () => {
    await relay[Symbol.asyncDispose]();
    await open({ protocols: ["http/1.1"] });
    await expect(knock()).rejects.toMatchObject({ code: "relay-unreachable" });
    expect(relay.heard).toEqual([]);
  });

  it("says that it was refused, and when it may be tried again", async () => {
    relay.admitted.clear();
    await expect(knock()).rejects.toMatchObject({ code: "relay-refused", details: { retryMs: 400 } });
  });

  it("is refused with another key than its own", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const stolen = { ...device.identity, privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
    await expect(openChannel({ ...traveller(), identity: stolen, way: "shared" }, never)).rejects.toMatchObject({
      code: "relay-refused",
    });
  });

  it.each([
    ["busy", /no room/],
    ["draining", /closes for a while/],
  ])("says that the relay is %s", async (why, message) => {
    lies.verdict = () => ({ open: false, why, retryMs: 10 });
    await expect(knock()).rejects.toMatchObject({
      code: "relay-busy",
      message: expect.stringMatching(message),
      details: { why, retryMs: 10 },
    });
  });

  it.each([
    ["a challenge that is none", { challenge: () => ({ v: 1 }) }],
    ["a challenge of another version", { challenge: (truth: object) => ({ ...truth, v: 2 }) }],
    ["a verdict that is none", { verdict: () => ({ open: "yes" }) }],
  ])("refuses %s, and closes", async (_what, lie) => {
    Object.assign(lies, lie);
    await expect(knock()).rejects.toMatchObject({ code: "relay-answer-malformed" });
  });

  it("says that the relay is not there", async () => {
    const { address } = relay.place;
    await relay[Symbol.asyncDispose]();
    await expect(knock({ relay: { ...relay.place, address } })).rejects.toMatchObject({
      code: "relay-unreachable",
      remedy: expect.stringContaining("way to the internet"),
    });
    await open();
  });

  it("gives up on a relay that says nothing, and with the signal's reason", async () => {
    const silent = createTcpServer((socket) => void socket.on("error", () => undefined));
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const still = new TestClock();
    const wayHome = { ...device.identity.wayHome, relay: { ...relay.place, address } };
    const arrived = once(silent, "connection");
    const waiting = openChannel({ identity: device.identity, wayHome, clock: still, way: "own" }, never);
    const failed = expect(waiting).rejects.toMatchObject({ code: "relay-unreachable" });
    await arrived;
    await still.advance(20_000);
    await failed;
    const [stopping, reason] = [new AbortController(), new Error("enough")];
    const stopped = openChannel({ identity: device.identity, wayHome, clock, way: "own" }, stopping);
    await once(silent, "connection");
    stopping.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    silent.close();
  });

  it("says that its own identity is damaged, without quoting it", async () => {
    const damaged = { ...device.identity, privateKey: "-----BEGIN PRIVATE KEY-----\nhalf" };
    const opening = openChannel({ ...traveller(), identity: damaged, way: "own" }, never);
    await expect(opening).rejects.toMatchObject({ code: "identity-damaged" });
    await expect(opening).rejects.not.toHaveProperty("cause");
    expect(relay.connections).toBe(0);
  });
});

describe("openInner", () => {
  it("says that nobody answers inside, within its time, and lets go of the channel", async () => {
    fake.accept = (channel) => void fake.channels.push(channel);
    const channel = await knock();
    const gone = closing(fake.channels[0]!.stream.resume());
    const still = new TestClock();
    const waiting = openInner({ ...traveller(), clock: still, channel }, never);
    const failed = expect(waiting).rejects.toMatchObject({ code: "gateway-unreachable" });
    await still.advance(15_000);
    await failed;
    await gone;
  });

  it("ends the channel where no TLS comes about", async () => {
    const channel = await knock();
    const gone = closing(channel);
    const [stopping, reason] = [new AbortController(), new Error("enough")];
    stopping.abort(reason);
    await expect(openInner({ ...traveller(), channel }, stopping)).rejects.toBe(reason);
    await gone;
  });

  it("shows the relay no certificate: only the gateway learns whose device it is", async () => {
    (await knock()).destroy();
    const key = createPrivateKey(device.identity.privateKey);
    expect(key.asymmetricKeyType).toBe("ed25519");
    const { stream } = fake.channels[0]!;
    expect(stream.getPeerX509Certificate()).toBeUndefined();
  });
});
