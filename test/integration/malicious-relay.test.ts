import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  goHome,
  isGatehouseError,
  openChannel,
  openInner,
  relayProtocols,
  systemClock,
  type AdmissionContext,
  type OpenChannel,
  type TunnelId,
} from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";

import { enrolAtRelay } from "../../gateway-bridge/src/relay/tunnel/enrol.ts";
import { mostOfOneDevice } from "../../gateway-bridge/src/relay/tunnel/live-channels.ts";
import { mostOpening } from "../../gateway-bridge/src/relay/tunnel/channel-intake.ts";
import { crowdBudget, nonsenseBudget } from "../../gateway-bridge/src/relay/tunnel/refusal-budget.ts";
import { eventually } from "../support/eventually.ts";
import {
  makeRelayKey,
  MaliciousRelay,
  openOver,
  prove,
  type LyingTunnel,
  type OpenedChannel,
} from "../support/malicious-relay.ts";
import { TunnelHome, type PairedDevice } from "../support/tunnel-home.ts";

const cancel = { signal: new AbortController().signal };
const ways = ["shared", "own"] as const;
type Way = (typeof ways)[number];

let held: AsyncDisposableStack;
let relay: MaliciousRelay;
let home: TunnelHome;
let device: PairedDevice;
let tunnel: LyingTunnel;
beforeEach(async () => {
  held = new AsyncDisposableStack();
  relay = held.use(await MaliciousRelay.open());
  home = held.use(TunnelHome.open({ place: relay.place }));
  device = home.pair();
  tunnel = await relay.admitted();
  await home.connected();
});
afterEach(() => held.disposeAsync());

const contextNow = (over: Partial<AdmissionContext> = {}): AdmissionContext => ({
  ...{ relay: relay.name, relayKey: relay.key.pin, gateway: home.id, nonce: tunnel.nonce(), time: Date.now() },
  ...over,
});

/** What a relay says that has a channel to open, and bytes behind it that nobody may read. */
const stuffing = randomBytes(8_192);
const say = async (way: Way, open: OpenChannel): Promise<OpenedChannel> => {
  return openOver(await carrier(way), open, stuffing);
};
/** What a channel can be opened on. */
const carrier = async (way: Way): Promise<Duplex> => {
  if (way === "shared") return tunnel.stream("/channel");
  tunnel.say({ kind: "spare", count: 1 });
  const socket = await relay.next(relayProtocols.data);
  tunnel.say({ kind: "spare", count: 0 });
  // What the gateway says first: whose it is.
  await once(socket, "readable");
  socket.read();
  return socket;
};

/** Not a byte of a channel that was refused is read by anybody. */
const expectNothing = (refusedBy: Record<string, number>): void => {
  expect(home.tunnel.figures).toMatchObject({ receivedBytes: 0, admittedChannels: 0, channels: 0, refusedBy });
  expect(home.channels).toEqual([]);
  expect(home.world.door.figures).toMatchObject({ channels: 0, entered: 0 });
};

const travel = (who: PairedDevice) => ({
  identity: { privateKey: who.shown.key, certificate: who.shown.cert },
  wayHome: home.wayHome,
  clock: systemClock,
});

/** A device let through as an honest relay does, up to the pipes. */
const through = async (who: PairedDevice): Promise<{ channel: Duplex; away: Duplex; near: Duplex }> => {
  const opening = openChannel({ ...travel(who), way: "shared" }, cancel);
  const knock = await relay.knock({ nonce: tunnel.nonce() });
  const { stream, answer } = await tunnel.open(knock.open);
  expect(answer).toBe(true);
  knock.letIn();
  return { channel: await opening, away: knock.socket, near: stream };
};

const enteredBy = async (who: PairedDevice): Promise<TLSSocket> => {
  const find = (): { socket: TLSSocket } | undefined =>
    home.world.entered.find(({ visitor }) => visitor.device === who.device);
  await eventually("it came in", () => find() !== undefined);
  return find()!.socket;
};

const codeOf = (error: unknown): string => (isGatehouseError(error) ? error.code : String(error));

describe("a relay that lies about an admission", () => {
  const stranger = generateKeyPairSync("ed25519");
  const lies: readonly [string, string, () => OpenChannel | Promise<OpenChannel>][] = [
    ["a stranger who signs with a key of their own", "unknown", () => prove(stranger, contextNow())],
    [
      "a stolen thumbprint without its key",
      "unsigned",
      () => ({ ...prove(stranger, contextNow()), key: prove(device, contextNow()).key }),
    ],
    ["a proof for a relay of another name", "unsigned", () => prove(device, contextNow({ relay: "relay.other" }))],
    [
      "a proof for a relay with another key",
      "unsigned",
      () => prove(device, contextNow({ relayKey: makeRelayKey().pin })),
    ],
    [
      "a proof for another gateway",
      "unsigned",
      () => prove(device, contextNow({ gateway: "gr-aaaaaaaaaaaaaaaa" as TunnelId })),
    ],
    ["a proof of another time", "unsigned", () => ({ ...prove(device, contextNow()), time: 1 })],
    ["a proof over another nonce", "unsigned", () => ({ ...prove(device, contextNow()), nonce: tunnel.nonce() })],
    [
      "a proof over a nonce that it drew alone",
      "foreign",
      () => prove(device, contextNow({ nonce: randomBytes(32).toString("base64url") })),
    ],
    [
      "the proof of a device that was revoked meanwhile",
      "unknown",
      () => {
        const open = prove(device, contextNow());
        home.revoke(device);
        return open;
      },
    ],
    ["half a key", "malformed", () => ({ ...prove(device, contextNow()), key: "AAAA" })],
    ["no proof at all", "malformed", () => ({ v: 1, source: "192.0.2.1" }) as unknown as OpenChannel],
  ];
  describe.each(ways)("on a channel of the way %s", (way) => {
    it.each(lies)("is refused with %s", async (_, why, lie) => {
      const { answer, stream } = await say(way, await lie());
      expect(answer).toBe(false);
      if (!stream.destroyed) await once(stream.resume(), "close");
      expectNothing({ [why]: 1 });
    });

    it("cannot use a proof twice", async () => {
      const open = prove(device, contextNow());
      expect((await tunnel.open(open)).answer).toBe(true);
      const before = home.tunnel.figures;
      expect((await say(way, open)).answer).toBe(false);
      expect(home.tunnel.figures).toMatchObject({ ...before, refusedChannels: 1, refusedBy: { replayed: 1 } });
      expect(home.channels).toHaveLength(1);
    });

    it("cannot use a proof in a later tunnel", async () => {
      const open = prove(device, contextNow());
      tunnel.die();
      tunnel = await relay.admitted();
      await eventually("it is back", () => home.tunnel.figures.reconnects === 1);
      expect((await say(way, open)).answer).toBe(false);
      expectNothing({ foreign: 1 });
    });

    it("cannot bring what a device asked of one home into another, though it belongs to both", async () => {
      const other = held.use(TunnelHome.open({ place: relay.place }));
      other.roll.put(device.thumbprint, device);
      const otherTunnel = await relay.admitted();
      await other.connected();
      const knocking = openChannel({ ...travel(device), way }, cancel).catch(codeOf);
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
    const knocking = openChannel({ ...travel(device), way: "shared" }, cancel).catch(codeOf);
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
      expect(goHome({ ...travel(device), errand, way: "own" }, cancel)).rejects.toMatchObject({
        code: "relay-impostor",
      }),
    );
  });

  it("hears no byte of a gateway when it shows another key", async () => {
    const impostor = held.use(await MaliciousRelay.open());
    await hearingNothing(impostor, async () => {
      const other = held.use(TunnelHome.open({ place: { ...relay.place, address: impostor.place.address } }));
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
    const weak = held.use(await MaliciousRelay.open({ key: relay.key, tls }));
    const place = { ...relay.place, address: weak.place.address };
    const other = held.use(TunnelHome.open({ place }));
    const errand = { kind: "api" } as const;
    const wayHome = { ...home.wayHome, relay: place };
    await expect(goHome({ ...travel(device), wayHome, errand, way: "own" }, cancel)).rejects.toMatchObject({
      code: "relay-unreachable",
    });
    await eventually("the gateway gave it up", () => other.tunnel.state.trouble !== null);
    expect(weak.heardBytes).toBe(0);
  });

  it("shows a device no gateway's key but the gateway's", async () => {
    const opening = openChannel({ ...travel(device), way: "shared" }, cancel);
    const knock = await relay.knock({ nonce: tunnel.nonce() });
    knock.letIn();
    const heard: Buffer[] = [];
    const own = makeRelayKey();
    const inside = createServer({ cert: own.cert, key: own.key, ALPNProtocols: ["gatehouse/1"] }, (socket) =>
      socket.on("data", (chunk: Buffer) => heard.push(chunk)).on("error", () => undefined),
    );
    inside.on("tlsClientError", () => undefined);
    inside.emit("connection", knock.socket);
    await expect(openInner({ ...travel(device), channel: await opening }, cancel)).rejects.toMatchObject({
      code: "gateway-impostor",
    });
    expect(heard).toEqual([]);
  });

  it.each<[string, () => object, "handshake" | "key"]>([
    ["no certificate", () => ({}), "handshake"],
    ["a certificate of its own", () => makeRelayKey(), "handshake"],
    ["another device's certificate", () => home.pair().shown, "key"],
  ])("comes no further than the inner door with a device's own proof and %s", async (_, shown, why) => {
    const { stream } = await tunnel.open(prove(device, contextNow()));
    const manners = { cert: undefined, key: undefined, ...shown() } as never;
    await home.world.speak({ shown: manners }, { ours: stream, theirs: stream }).catch(() => undefined);
    await eventually("it was refused", () => home.world.door.figures.refused[why] === 1);
    await eventually("it is over", () => home.tunnel.figures.channels === 0);
    expect(home.world.entered).toEqual([]);
  });
});

describe("a relay that meddles with channels", () => {
  it("cannot splice two devices' channels from the start", async () => {
    const other = home.pair();
    await tunnel.admit();
    const [one, two] = [await through(device), await through(other)];
    one.away.pipe(two.near).pipe(one.away);
    const inner = openInner({ ...travel(device), channel: one.channel }, cancel);
    await Promise.allSettled([inner]);
    await eventually("it was refused", () => home.world.door.figures.refused.key === 1);
    expect(home.world.entered).toEqual([]);
  });

  it("cannot splice them later", async () => {
    const other = home.pair();
    await tunnel.admit();
    const [one, two] = [await through(device), await through(other)];
    for (const { away, near } of [one, two]) away.pipe(near).pipe(away);
    const [inner, others] = [await enter(one, device, "of one"), await enter(two, other, "of the other")];
    const [first, second] = [await enteredBy(device), await enteredBy(other)];
    const [ofOne, ofOther] = [collect(first), collect(second)];
    one.away.unpipe();
    two.away.unpipe();
    one.away.pipe(two.near);
    two.away.pipe(one.near);
    inner.write("MARK-ONE");
    others.write("MARK-OTHER");
    await Promise.all([closed(first), closed(second)]);
    expect([ofOne(), ofOther()]).toEqual(["of one", "of the other"]);
  });

  const meddlings: readonly [string, (chunks: Buffer[]) => Buffer[]][] = [
    ["flips a bit", ([first, ...rest]) => [flipped(first!), ...rest]],
    ["reorders", (chunks) => chunks.reverse()],
    ["leaves a piece out", ([, ...rest]) => rest],
    ["says something twice", ([first, ...rest]) => [first!, first!, ...rest]],
    ["cuts the end off", (chunks) => [...chunks.slice(0, -1), chunks.at(-1)!.subarray(0, -1)]],
  ];
  it.each(meddlings)("ends what it %s of, towards home", async (_, meddle) => {
    const channel = await through(device);
    channel.away.pipe(channel.near).pipe(channel.away);
    const inner = await enter(channel, device, "before");
    const socket = await enteredBy(device);
    const came = collect(socket);
    await eventually("what came before is there", () => came() === "before");
    channel.away.unpipe();
    const records = await gather(channel.away, inner);
    for (const record of meddle(records)) channel.near.write(record);
    channel.near.end();
    await closed(socket);
    // What came before the meddling is the device's own.
    expect(["MARK-1MARK-2", "MARK-1", ""].map((good) => `before${good}`)).toContain(came());
    expect(came()).not.toContain("MARK-3");
  });

  it.each(meddlings)("ends what it %s of, towards the device", async (_, meddle) => {
    const channel = await through(device);
    channel.away.pipe(channel.near).pipe(channel.away);
    const inner = await enter(channel, device, "before");
    const socket = await enteredBy(device);
    const came = collect(inner);
    socket.write("before");
    await eventually("what came before is there", () => came() === "before");
    channel.near.unpipe();
    const records = await gather(channel.near, socket);
    for (const record of meddle(records)) channel.away.write(record);
    channel.away.end();
    await closed(inner);
    expect(["MARK-1MARK-2", "MARK-1", ""].map((good) => `before${good}`)).toContain(came());
  });
});

describe("a relay that lies about a revocation", () => {
  it.each(ways)("brings nothing more from the device, whose channel it keeps (%s)", async (way) => {
    const stays = home.pair();
    await tunnel.admit();
    const stream = await carrier(way);
    await openOver(stream, prove(device, contextNow()));
    const kept = await tunnel.open(prove(stays, contextNow()));
    const inner = await home.world.speak(device, { ours: stream, theirs: stream });
    inner.write("GH1 api\nbefore");
    const socket = await enteredBy(device);
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
    expect((await say("shared", prove(device, contextNow()))).answer).toBe(false);
    expect(kept.stream.destroyed).toBe(false);
  });
});

describe("a relay that asks too much", () => {
  it("opens no more channels of one device than it may have, and the tunnel stands", async () => {
    const kept: Duplex[] = [];
    const other = held.use(TunnelHome.open({ place: relay.place, accept: ({ stream }) => void kept.push(stream) }));
    other.roll.put(device.thumbprint, device);
    const own = await relay.admitted();
    await other.connected();
    const answers: unknown[] = [];
    for (let round = 0; round < 1_000; round += mostOpening) {
      const some = Array.from({ length: Math.min(mostOpening, 1_000 - round) }, () =>
        own.open(prove(device, contextNow({ gateway: other.id, nonce: own.nonce() }))),
      );
      answers.push(...(await Promise.all(some)).map(({ answer }) => answer));
    }
    expect(answers.filter((answer) => answer === true)).toHaveLength(mostOfOneDevice);
    expect(kept).toHaveLength(mostOfOneDevice);
    expect(other.tunnel.figures).toMatchObject({
      channels: mostOfOneDevice,
      refusedBy: { busy: 1_000 - mostOfOneDevice },
    });
    expect(other.tunnel.state.connection).toBe("connected");
  });

  it("is left when it goes on with channels that nobody asked for", async () => {
    const stranger = generateKeyPairSync("ed25519");
    const junk = Array.from({ length: 1_000 }, () => tunnel.open(prove(stranger, contextNow())));
    await tunnel.ended();
    await Promise.allSettled(junk);
    expect(home.states.at(-1)?.trouble).toContain("more channels than any device asked for");
    const { refusedChannels, admittedChannels } = home.tunnel.figures;
    expect(admittedChannels).toBe(0);
    expect(refusedChannels).toBeGreaterThan(nonsenseBudget.most);
    expect(refusedChannels).toBeLessThan(1_000);
  });

  it("keeps no more than a few channels open that say nothing", async () => {
    const clock = new TestClock();
    const other = held.use(TunnelHome.open({ place: relay.place, clock }));
    const own = await relay.admitted();
    await other.connected();
    const streams = Array.from({ length: 200 }, () => own.stream("/channel"));
    await eventually("most are refused", () => other.tunnel.figures.refusedBy.busy === 200 - mostOpening);
    await clock.advance(5_000);
    await eventually("the rest, too", () => other.tunnel.figures.refusedBy.late === mostOpening);
    expect(other.tunnel.figures).toMatchObject({ channels: 0, receivedBytes: 0 });
    expect(streams).toHaveLength(200);
    expect(other.tunnel.state.connection).toBe("connected");
  });

  it("is left when it floods the gateway with channels that there is no room for", async () => {
    const streams = Array.from(
      { length: 20 },
      () => () => Array.from({ length: 100 }, () => tunnel.stream("/channel")),
    );
    for (const flood of streams) {
      if (tunnel.http.destroyed) break;
      const before = home.tunnel.figures.refusedBy.busy;
      flood();
      await eventually("they came", () => tunnel.http.destroyed || home.tunnel.figures.refusedBy.busy >= before + 60);
    }
    await tunnel.ended();
    expect(home.tunnel.figures.refusedBy.busy).toBeGreaterThan(crowdBudget.most);
    expect(home.tunnel.figures).toMatchObject({ channels: 0, receivedBytes: 0 });
  });

  it("is left when it sends rolls of streams that are none of the protocol's", async () => {
    for (let count = 0; count <= nonsenseBudget.most; count += 1) tunnel.stream(count % 2 === 0 ? "/control" : "/");
    await tunnel.ended();
    expect(home.tunnel.figures.refusedBy.malformed).toBe(nonsenseBudget.most + 1);
  });

  it("holds little of what it does not read, and up nobody else", async () => {
    const [one, two] = [await tunnel.open(prove(device, contextNow())), await tunnel.open(prove(device, contextNow()))];
    const [stalled, busy] = home.channels.map(({ stream }) => stream);
    const chunk = Buffer.alloc(64 << 10);
    let taken = 0;
    while (stalled!.write(chunk)) taken += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    while (!stalled!.writableNeedDrain) taken += stalled!.write(chunk) ? chunk.length : 0;
    expect(taken).toBeLessThan(2 << 20);
    busy!.write("hello");
    const [heard] = (await once(two.stream, "data")) as [Buffer];
    expect(heard.toString()).toBe("hello");
    expect(one.stream.readableFlowing).not.toBe(true);
  });
});

const flipped = (record: Buffer): Buffer => {
  const copy = Buffer.from(record);
  copy[copy.length - 3]! ^= 1;
  return copy;
};

/** Speaks inside a channel as the device, and says where it wants to. */
const enter = async ({ channel }: { channel: Duplex }, who: PairedDevice, first: string): Promise<TLSSocket> => {
  const inner = await openInner({ ...travel(who), channel }, cancel);
  inner.on("error", () => undefined);
  inner.write(`GH1 api\n${first}`);
  return inner;
};

const collect = (socket: Duplex): (() => string) => {
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
};

const closed = async (socket: Duplex): Promise<void> => {
  socket.resume();
  await eventually("it closed", () => socket.destroyed || socket.readableEnded);
};

/** Has somebody say three things, and takes the three records of TLS that come of it. */
const gather = async (stream: Duplex, speaker: Duplex): Promise<Buffer[]> => {
  let bytes = Buffer.alloc(0);
  stream.removeAllListeners("data");
  stream.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  stream.resume();
  for (const [index, mark] of ["MARK-1", "MARK-2", "MARK-3"].entries()) {
    speaker.write(mark);
    await eventually("it came", () => recordsOf(bytes).length === index + 1);
  }
  stream.removeAllListeners("data");
  return recordsOf(bytes);
};

/** RFC 8446 5.1: five bytes, the last two of which say how many follow. */
const recordsOf = (bytes: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
};
