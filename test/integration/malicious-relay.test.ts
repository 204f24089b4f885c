import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  goHome,
  isGatehouseError,
  openChannel,
  openInner,
  systemClock,
  type OpenChannel,
  type TunnelId,
} from "@gatehouse/shared";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type TlsOptions } from "node:tls";

import { enrolAtRelay } from "../../gateway-bridge/src/relay/tunnel/enrol.ts";
import { eventually } from "../support/eventually.ts";
import { makeRelayKey, MaliciousRelay, openOver, prove, type LyingTunnel } from "../support/malicious-relay.ts";
import { closed, collect, MaliciousWorld, ways } from "../support/malicious-world.ts";
import { TunnelHome, type PairedDevice } from "../support/tunnel-home.ts";

const cancel = { signal: new AbortController().signal };

let world: MaliciousWorld;
let relay: MaliciousRelay;
let home: TunnelHome;
let device: PairedDevice;
let tunnel: LyingTunnel;
beforeEach(async () => {
  world = await MaliciousWorld.open();
  ({ relay, home, device, tunnel } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

/** Not a byte of a channel that was refused is read by anybody. */
const expectNothing = (refusedBy: Record<string, number>): void => {
  expect(home.tunnel.figures).toMatchObject({ receivedBytes: 0, admittedChannels: 0, channels: 0, refusedBy });
  expect(home.channels).toEqual([]);
  expect(home.world.door.figures).toMatchObject({ channels: 0, entered: 0 });
};

const codeOf = (error: unknown): string => (isGatehouseError(error) ? error.code : String(error));

describe("a relay that lies about an admission", () => {
  const stranger = generateKeyPairSync("ed25519");
  const lies: readonly [string, string, () => OpenChannel | Promise<OpenChannel>][] = [
    ["a stranger who signs with a key of their own", "unknown", () => prove(stranger, world.contextNow())],
    [
      "a stolen thumbprint without its key",
      "unsigned",
      () => ({ ...prove(stranger, world.contextNow()), key: prove(device, world.contextNow()).key }),
    ],
    [
      "a proof for a relay of another name",
      "unsigned",
      () => prove(device, world.contextNow({ relay: "relay.other" })),
    ],
    [
      "a proof for a relay with another key",
      "unsigned",
      () => prove(device, world.contextNow({ relayKey: makeRelayKey().pin })),
    ],
    [
      "a proof for another gateway",
      "unsigned",
      () => prove(device, world.contextNow({ gateway: "gr-aaaaaaaaaaaaaaaa" as TunnelId })),
    ],
    ["a proof of another time", "unsigned", () => ({ ...prove(device, world.contextNow()), time: 1 })],
    ["a proof over another nonce", "unsigned", () => ({ ...prove(device, world.contextNow()), nonce: tunnel.nonce() })],
    [
      "a proof over a nonce that it drew alone",
      "foreign",
      () => prove(device, world.contextNow({ nonce: randomBytes(32).toString("base64url") })),
    ],
    [
      "the proof of a device that was revoked meanwhile",
      "unknown",
      () => {
        const open = prove(device, world.contextNow());
        home.revoke(device);
        return open;
      },
    ],
    ["half a key", "malformed", () => ({ ...prove(device, world.contextNow()), key: "AAAA" })],
    ["no proof at all", "malformed", () => ({ v: 1, source: "192.0.2.1" }) as unknown as OpenChannel],
  ];
  describe.each(ways)("on a channel of the way %s", (way) => {
    it.each(lies)("is refused with %s", async (_, why, lie) => {
      const { answer, stream } = await world.say(way, await lie());
      expect(answer).toBe(false);
      if (!stream.destroyed) await once(stream.resume(), "close");
      expectNothing({ [why]: 1 });
    });

    it("cannot use a proof twice", async () => {
      const open = prove(device, world.contextNow());
      expect((await tunnel.open(open)).answer).toBe(true);
      const before = home.tunnel.figures;
      expect((await world.say(way, open)).answer).toBe(false);
      expect(home.tunnel.figures).toMatchObject({ ...before, refusedChannels: 1, refusedBy: { replayed: 1 } });
      expect(home.channels).toHaveLength(1);
    });

    it("cannot use a proof in a later tunnel", async () => {
      const open = prove(device, world.contextNow());
      tunnel.die();
      world.tunnel = tunnel = await relay.admitted();
      await eventually("it is back", () => home.tunnel.figures.reconnects === 1);
      expect((await world.say(way, open)).answer).toBe(false);
      expectNothing({ foreign: 1 });
    });

    it("cannot bring what a device asked of one home into another, though it belongs to both", async () => {
      const other = world.use(TunnelHome.open({ place: relay.place }));
      other.roll.put(device.thumbprint, device);
      const otherTunnel = await relay.admitted();
      await other.connected();
      const knocking = openChannel({ ...world.travel(device), way }, cancel).catch(codeOf);
      const knock = await relay.knock({ nonce: otherTunnel.nonce() });
      expect(knock.hello.gateway).toBe(home.id);
      const { answer } = await otherTunnel.open(knock.open);
      expect(answer).toBe(false);
      expect(other.tunnel.figures).toMatchObject({ receivedBytes: 0, refusedBy: { unsigned: 1 } });
      knock.socket.destroy();
      expect(await knocking).toBe("relay-unreachable");
    });
  });

  it("gets no signature for another relay's name out of a device", async () => {
    const knocking = openChannel({ ...world.travel(device), way: "shared" }, cancel).catch(codeOf);
    await expect(relay.knock({ nonce: tunnel.nonce(), relay: "relay.other" })).rejects.toMatchObject({
      code: "relay-unreachable",
    });
    expect(await knocking).toBe("relay-impostor");
  });
});

describe("a relay that lies about who it is", () => {
  /** Runs what should tell the relay nothing, until it has gone again. */
  const hearingNothing = async (who: MaliciousRelay, run: () => Promise<unknown>): Promise<void> => {
    const [heard, standing] = [who.heardBytes, who.connections];
    await run();
    await eventually("it has gone", () => who.connections <= standing);
    expect(who.heardBytes).toBe(heard);
  };

  it("hears no byte of a device when it shows another key", async () => {
    relay.show(makeRelayKey());
    const errand = { kind: "api" } as const;
    await hearingNothing(relay, () =>
      expect(goHome({ ...world.travel(device), errand, way: "own" }, cancel)).rejects.toMatchObject({
        code: "relay-impostor",
      }),
    );
  });

  it("hears no byte of a gateway when it shows another key", async () => {
    const impostor = world.use(await MaliciousRelay.open());
    await hearingNothing(impostor, async () => {
      const other = world.use(TunnelHome.open({ place: { ...relay.place, address: impostor.place.address } }));
      await eventually("it is refused", () => other.tunnel.state.trouble !== null);
      expect(other.tunnel.state.trouble).toContain("another key than the pinned one");
    });
  });

  it("hears no invite when it shows another key than the invite's", async () => {
    const { address, name } = relay.place;
    const invite = { address, relay: name, relayKey: makeRelayKey().pin, secret: "s".repeat(22) };
    const enrolling = { invite, key: home.keys.current(), clock: systemClock };
    await hearingNothing(relay, () =>
      expect(enrolAtRelay(enrolling, cancel)).rejects.toMatchObject({ code: "relay-impostor" }),
    );
  });

  const downgrades: readonly [string, TlsOptions][] = [
    ["speaks TLS 1.2 alone", { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }],
    ["agrees to no protocol", { ALPNProtocols: [] }],
    ["agrees to HTTP/2 alone", { ALPNProtocols: ["h2"] }],
  ];
  it.each(downgrades)("hears no byte when it %s", async (_, tls) => {
    const weak = world.use(await MaliciousRelay.open({ key: relay.key, tls }));
    const place = { ...relay.place, address: weak.place.address };
    const other = world.use(TunnelHome.open({ place }));
    const errand = { kind: "api" } as const;
    const wayHome = { ...home.wayHome, relay: place };
    await expect(goHome({ ...world.travel(device), wayHome, errand, way: "own" }, cancel)).rejects.toMatchObject({
      code: "relay-unreachable",
    });
    await eventually("the gateway gave it up", () => other.tunnel.state.trouble !== null);
    expect(weak.heardBytes).toBe(0);
  });

  it("shows a device no gateway's key but the gateway's", async () => {
    const opening = openChannel({ ...world.travel(device), way: "shared" }, cancel);
    const knock = await relay.knock({ nonce: tunnel.nonce() });
    knock.letIn();
    const heard: Buffer[] = [];
    const own = makeRelayKey();
    const inside = createServer({ cert: own.cert, key: own.key, ALPNProtocols: ["gatehouse/1"] }, (socket) =>
      socket.on("data", (chunk: Buffer) => heard.push(chunk)).on("error", () => undefined),
    );
    inside.on("tlsClientError", () => undefined);
    inside.emit("connection", knock.socket);
    await expect(openInner({ ...world.travel(device), channel: await opening }, cancel)).rejects.toMatchObject({
      code: "gateway-impostor",
    });
    expect(heard).toEqual([]);
  });

  it.each<[string, () => object, "handshake" | "key"]>([
    ["no certificate", () => ({}), "handshake"],
    ["a certificate of its own", () => makeRelayKey(), "handshake"],
    ["another device's certificate", () => home.pair().shown, "key"],
  ])("comes no further than the inner door with a device's own proof and %s", async (_, shown, why) => {
    const { stream } = await tunnel.open(prove(device, world.contextNow()));
    const manners = { cert: undefined, key: undefined, ...shown() } as never;
    await home.world.speak({ shown: manners }, { ours: stream, theirs: stream }).catch(() => undefined);
    await eventually("it was refused", () => home.world.door.figures.refused[why] === 1);
    await eventually("it is over", () => home.tunnel.figures.channels === 0);
    expect(home.world.entered).toEqual([]);
  });
});

describe("a relay that lies about a revocation", () => {
  it.each(ways)("brings nothing more from the device, whose channel it keeps (%s)", async (way) => {
    const stays = home.pair();
    await tunnel.admit();
    const stream = await world.carrier(way);
    await openOver(stream, prove(device, world.contextNow()));
    const kept = await tunnel.open(prove(stays, world.contextNow()));
    const inner = await home.world.speak(device, { ours: stream, theirs: stream });
    inner.write("GH1 api\nbefore");
    const socket = await world.enteredBy(device);
    const came = collect(socket);
    await eventually("it is there", () => came() === "before");
    home.revoke(device);
    await tunnel.admit();
    const received = home.tunnel.figures.receivedBytes;
    inner.write("MARK-AFTER");
    stream.write(randomBytes(1_024));
    await home.tunnel.enforced(home.roll.epoch, cancel);
    await closed(socket);
    expect(home.tunnel.figures).toMatchObject({ channels: 1, receivedBytes: received });
    expect(came()).toBe("before");
    expect((await world.say("shared", prove(device, world.contextNow()))).answer).toBe(false);
    expect(kept.stream.destroyed).toBe(false);
  });
});
