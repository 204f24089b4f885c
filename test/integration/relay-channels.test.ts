import { encodeFrame, relayProtocols, type TunnelId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";

import { eventually } from "../support/eventually.ts";
import {
  knock,
  makeDeviceKey,
  readBytes,
  type DeviceKey,
  type Knocked,
  type KnockOptions,
} from "../support/relay-device.ts";
import { dialTls, readToEnd } from "../support/relay-dial.ts";
import { RelayHome, type GatewayKey, type RelayHomeOptions } from "../support/relay-home.ts";
import { TcpLine } from "../support/tcp-line.ts";
import { ScriptedGateway, type ScriptedGatewayOptions } from "../support/scripted-gateway.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
const use = <T extends AsyncDisposable>(resource: T): T => {
  open.push(resource);
  return resource;
};

interface World {
  readonly home: RelayHome;
  readonly key: GatewayKey;
  readonly gateway: ScriptedGateway;
  readonly device: DeviceKey;
  readonly knock: (over?: Partial<KnockOptions>) => Promise<Knocked>;
}

const world = async (options: RelayHomeOptions = {}, over: Partial<ScriptedGatewayOptions> = {}): Promise<World> => {
  const home = use(await RelayHome.open(options));
  const key = home.enrolledKey();
  const device = makeDeviceKey();
  const gateway = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key, ...over }));
  await gateway.admit([device.thumbprint]);
  const knocks = (changes: Partial<KnockOptions> = {}) =>
    knock({ port: home.port, pin: home.pin, gateway: key.id, device, ...changes });
  return { home, key, gateway, device, knock: knocks };
};

/** Sends it and reads as much back. */
const echoed = async (socket: TLSSocket, sent: Buffer): Promise<boolean> => {
  socket.write(sent);
  const parts: Buffer[] = [];
  for (let left = sent.length; left > 0;) {
    const part = await readBytes(socket, Math.min(left, 16_384));
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts).equals(sent);
};

const busy = { open: false, why: "busy", retryMs: 10_000 };

describe.each(["shared", "own"] as const)("a channel through the relay (%s)", (way) => {
  it("carries what both sides send, unchanged, and says who sent it and from where", async () => {
    const { gateway, device, knock: knocks, home } = await world();
    const { socket, verdict, challenge } = await knocks({ way });
    expect([verdict, gateway.ways]).toEqual([{ open: true }, [way]]);
    const sent = Buffer.from(Array.from({ length: 500_000 }, (_, index) => index % 251));
    expect(await echoed(socket, sent)).toBe(true);
    const { nonce, time } = challenge;
    const opening = { v: 1, nonce, time, key: device.spki.toString("base64"), source: "127.0.0.1" };
    expect(gateway.openings).toMatchObject([opening]);
    expect(home.relay.figures()).toMatchObject({
      channels: 1,
      knocks: { open: 1 },
      bytes: { toGateway: sent.length, toDevice: sent.length },
    });
    socket.destroy();
    await eventually("the channel ends at the gateway", () => gateway.channels.size === 0);
    await eventually("its place is free", () => home.relay.figures().channels === 0);
    expect(home.relay.figures().bytes).toEqual({ toGateway: sent.length, toDevice: sent.length });
  });

  it("ends one direction and goes on in the other", async () => {
    const answer = Buffer.alloc(200_000, 9);
    const { knock: knocks, home } = await world(
      {},
      {
        serve: (stream) => {
          let asked = "";
          stream.on("data", (chunk: Buffer) => (asked += chunk.toString()));
          stream.once("end", () => stream.end(Buffer.concat([Buffer.from(asked), answer])));
        },
      },
    );
    const { socket } = await knocks({ way });
    socket.end("all?");
    expect((await readToEnd(socket)).equals(Buffer.concat([Buffer.from("all?"), answer]))).toBe(true);
    await eventually("its place is free", () => home.relay.figures().channels === 0);
  });

  it("ends with either side", async () => {
    const { gateway, knock: knocks, home } = await world();
    const { socket } = await knocks({ way });
    expect(await echoed(socket, Buffer.from("x"))).toBe(true);
    for (const stream of gateway.channels) stream.destroy();
    expect(await readToEnd(socket)).toHaveLength(0);
    await eventually("its place is free", () => home.relay.figures().channels === 0);
  });

  it("is held up by nobody's stalled viewer, for whom little is kept", async () => {
    const chunk = Buffer.alloc(65_536, 1);
    const flood = Buffer.from("flood");
    const {
      device,
      gateway,
      knock: knocks,
      home,
    } = await world(
      {},
      {
        serve: (stream) => {
          stream.once("data", (first: Buffer) => {
            if (first.equals(flood)) {
              stream.on("drain", () => stream.write(chunk)).write(chunk);
              return;
            }
            stream.write(first);
            stream.pipe(stream);
          });
        },
      },
    );
    const stalled = await knocks({ way });
    stalled.socket.pause();
    stalled.socket.write(flood);
    let [before, still] = [0, 0];
    await eventually("the gateway is held", () => {
      const { toDevice } = home.relay.figures().bytes;
      still = toDevice === before ? still + 1 : 0;
      before = toDevice;
      return toDevice > 0 && still > 300;
    });
    // What the kernel's buffers on both sides hold, and little of ours.
    expect(before).toBeLessThan(24 << 20);
    const viewer = await knocks({ device, way });
    expect(await echoed(viewer.socket, Buffer.alloc(2_000_000, 3))).toBe(true);
    expect(gateway.channels.size).toBe(2);
    stalled.socket.destroy();
  });
});

describe("the ways from the relay to a gateway", () => {
  it("keep two data connections waiting while a device is there, and none a minute later", async () => {
    const clock = new TestClock();
    const { home, gateway, device, knock: knocks } = await world({ clock });
    expect([home.relay.figures().spareConnections, gateway.heard.some(({ kind }) => kind === "spare")]).toEqual([
      0,
      false,
    ]);
    const { socket } = await knocks({ way: "own" });
    await eventually("two wait", () => home.relay.figures().spareConnections === 2);
    const minuteAndHalf = async (): Promise<void> => {
      for (let passed = 0; passed < 90_000; passed += 10_000) {
        await clock.advance(10_000);
        // What the gateway answered before is there by then, so that it is not taken for dead.
        await gateway.admit([device.thumbprint]);
      }
    };
    await minuteAndHalf();
    expect(home.relay.figures().spareConnections).toBe(2);
    socket.destroy();
    await eventually("the channel ended", () => home.relay.figures().channels === 0);
    await minuteAndHalf();
    expect(home.relay.figures().spareConnections).toBe(0);
    expect(gateway.heard.filter(({ kind }) => kind === "spare")).toEqual([
      { kind: "spare", count: 2 },
      { kind: "spare", count: 0 },
    ]);
  });

  it("lead over the tunnel where no data connection comes in time", async () => {
    const clock = new TestClock();
    const { gateway, knock: knocks } = await world({ clock }, { spare: false });
    const knocked = knocks({ way: "own" });
    await eventually("one is asked for", () => gateway.heard.some(({ kind }) => kind === "spare"));
    await clock.advance(5_000);
    const { socket, verdict } = await knocked;
    expect([verdict, gateway.ways]).toEqual([{ open: true }, ["shared"]]);
    expect(await echoed(socket, Buffer.from("x"))).toBe(true);
  });

  it.each(["shared", "own"] as const)("are busy where the gateway gives no answer (%s)", async (way) => {
    const clock = new TestClock();
    const {
      gateway,
      home,
      knock: knocks,
    } = await world({ clock }, { takes: () => new Promise<never>(() => undefined) });
    const knocked = knocks({ way });
    await eventually("it was asked", () => gateway.openings.length === 1);
    await clock.advance(5_000);
    expect((await knocked).verdict).toEqual(busy);
    expect([home.relay.figures().channels, gateway.received]).toEqual([0, 0]);
  });

  it("take no data connection of another gateway, nor of a tunnel that is none", async () => {
    const { home, gateway, knock: knocks } = await world({}, { spare: false });
    const own = home.enrolledKey();
    const spy = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key: own, spare: false }));
    await spy.admit([]);
    for (const tunnel of [gateway.welcome.tunnel, "A".repeat(43)]) {
      const socket = await dialTls({ port: home.port, protocol: relayProtocols.data, key: own });
      socket.write(encodeFrame({ v: 1, tunnel }));
      expect(await readToEnd(socket)).toHaveLength(0);
    }
    expect(home.relay.figures().spareConnections).toBe(0);
    expect((await knocks()).verdict).toEqual({ open: true });
    expect(spy.openings).toEqual([]);
  });

  it("forget a data connection that ends, or speaks before it is asked", async () => {
    const { home, key, gateway } = await world({}, { spare: false });
    const dial = async () => {
      const socket = await dialTls({ port: home.port, protocol: relayProtocols.data, key });
      socket.write(encodeFrame({ v: 1, tunnel: gateway.welcome.tunnel }));
      await eventually("it waits", () => home.relay.figures().spareConnections === 1);
      return socket;
    };
    const ends = await dial();
    ends.end();
    await eventually("it is forgotten", () => home.relay.figures().spareConnections === 0);
    const speaks = await dial();
    speaks.write("x");
    expect(await readToEnd(speaks)).toHaveLength(0);
    expect(home.relay.figures().spareConnections).toBe(0);
  });
});

describe("limits of a relay", () => {
  it.each([
    ["a device", { channelsPerDevice: 1 }],
    ["a gateway", { channelsPerGateway: 1 }],
    ["an address", { channelsPerBlock: 1 }],
    ["all", { channels: 1 }],
  ] as const)("are told to devices that proved their key: of %s", async (_whose, limits) => {
    const { home, knock: knocks, gateway } = await world({ limits });
    const first = await knocks();
    expect(first.verdict).toEqual({ open: true });
    expect((await knocks()).verdict).toEqual(busy);
    expect((await knocks({ device: makeDeviceKey() })).verdict).toMatchObject({ why: "refused" });
    expect(gateway.openings).toHaveLength(1);
    first.socket.destroy();
    await eventually("its place is free", () => home.relay.figures().channels === 0);
    expect((await knocks()).verdict).toEqual({ open: true });
  });

  it("can be set for one gateway alone, at once", async () => {
    const { home, key, knock: knocks } = await world();
    home.gateways.setLimits(key.id, { channelsPerDevice: 1 });
    expect((await knocks()).verdict).toEqual({ open: true });
    expect((await knocks()).verdict).toEqual(busy);
    home.gateways.setLimits(key.id, {});
    expect((await knocks()).verdict).toEqual({ open: true });
  });

  it("hold what a gateway's channels carry to its bytes a second", async () => {
    const clock = new TestClock();
    const { home, knock: knocks, key } = await world({ clock, limits: { bytesPerSecond: 10_000_000 } });
    home.gateways.setLimits(key.id, { bytesPerSecond: 100_000 });
    const { socket } = await knocks();
    const sent = Buffer.alloc(400_000, 5);
    let back = 0;
    socket.on("data", (chunk: Buffer) => (back += chunk.length));
    socket.write(sent);
    const carried = () => home.relay.figures().bytes.toGateway + home.relay.figures().bytes.toDevice;
    let steps = 0;
    // Twice what it takes and more: where the kernel is late, time goes by in which nothing waits to be carried.
    while (back < sent.length && steps < 500) {
      await clock.advance(100);
      steps += 1;
      // A chunk of each direction may be on its way when the budget is empty.
      expect(carried()).toBeLessThanOrEqual(100_000 + steps * 10_000 + 4 * 65_536);
    }
    expect(back).toBe(sent.length);
    expect(steps).toBeGreaterThan(40);
  });
});

describe("a relay that drains", () => {
  it("lets channels end by themselves, and tells gateways how long", async () => {
    const { home, gateway, knock: knocks } = await world();
    const { socket } = await knocks();
    let drained = false;
    const draining = home.relay.drain(60_000, { signal: new AbortController().signal }).then(() => (drained = true));
    await eventually("the gateway is told", () => gateway.heard.some(({ kind }) => kind === "drain"));
    expect(gateway.heard).toContainEqual({ kind: "drain", withinMs: 60_000 });
    expect(await echoed(socket, Buffer.from("x"))).toBe(true);
    expect(drained).toBe(false);
    socket.end();
    await draining;
  });

  it("takes no tunnel more", async () => {
    const { home, key } = await world();
    await home.relay.drain(0, { signal: new AbortController().signal });
    await expect(ScriptedGateway.open({ port: home.port, pin: home.pin, key })).rejects.toThrow();
  });
});

describe("tunnels", () => {
  it("that stay silent are given up after a minute, with their channels", async () => {
    const clock = new TestClock();
    const { home, key, device, knock: knocks, gateway } = await world({ clock });
    const line = use(await TcpLine.open(home.port));
    const port = Number(line.address.split(":")[1]);
    await use(await ScriptedGateway.open({ port, pin: home.pin, key })).admit([device.thumbprint]);
    await eventually("the newer tunnel is the one", () => gateway.closed);
    const { socket } = await knocks();
    line.freeze();
    await clock.advance(60_000);
    expect(home.relay.figures()).toMatchObject({
      channels: 0,
      tunnels: { live: 0, ended: { replaced: 1, silent: 1 } },
    });
    expect(await readToEnd(socket)).toHaveLength(0);
  });

  it("that say nothing of whom they admit are closed after fifteen seconds", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    const gateway = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key: home.enrolledKey() }));
    await clock.advance(14_000);
    expect(home.relay.figures().tunnels.coming).toBe(1);
    await clock.advance(2_000);
    expect(home.relay.figures().tunnels).toMatchObject({ coming: 0, ended: { late: 1 } });
    await eventually("it is closed", () => gateway.closed);
  });

  it("that ask too much are closed", async () => {
    const { home, gateway } = await world();
    for (let epoch = 2; epoch < 80; epoch += 1)
      gateway.send({ kind: "admit", epoch, salt: "A".repeat(22), devices: [] });
    await eventually("it is closed", () => gateway.closed);
    expect(home.relay.figures().tunnels.ended).toEqual({ talkative: 1 });
  });

  it("come back when the relay announces its next key, to hear of it", async () => {
    const clock = new TestClock();
    const { home, gateway, key } = await world({ clock });
    const before = home.keys.pins;
    expect(home.keys.rotate()).toBe("announced");
    await clock.advance(20_000);
    expect(home.relay.figures().tunnels.ended).toEqual({ rekeyed: 1 });
    await eventually("it is closed", () => gateway.closed);
    const back = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    expect(back.welcome.keys).toEqual(home.keys.pins);
    expect([before, home.keys.pins.length, home.keys.pins[0]]).toEqual([[home.pin], 2, before[0]]);
  });

  it("with channels stay until they have none, or the key that they know is shown no more", async () => {
    const clock = new TestClock();
    const { home, gateway, device, knock: knocks } = await world({ clock });
    await knocks();
    home.keys.rotate();
    for (let passed = 0; passed < 40_000; passed += 10_000) {
      await clock.advance(10_000);
      // What the gateway answered before is there by then, so that it is not taken for dead.
      await gateway.admit([device.thumbprint]);
    }
    expect(home.relay.figures()).toMatchObject({ channels: 1, tunnels: { live: 1, ended: {} } });
    home.database.sql.exec("UPDATE relay_key SET announced = 0");
    expect(home.keys.rotate()).toBe("changed");
    await clock.advance(20_000);
    expect(home.relay.figures()).toMatchObject({ channels: 0, tunnels: { live: 0, ended: { rekeyed: 1 } } });
    await eventually("it is closed", () => gateway.closed);
  });

  it("and devices meet the next key once it is shown", async () => {
    const clock = new TestClock();
    const { home, gateway, key, device } = await world({ clock });
    home.keys.rotate();
    await gateway[Symbol.asyncDispose]();
    await eventually("the relay sees it go", () => home.relay.figures().tunnels.live === 0);
    const [, next] = home.keys.pins;
    expect(() => home.keys.rotate()).toThrow(expect.objectContaining({ code: "key-too-new" }));
    await clock.advance(7 * 86_400_000);
    expect(home.keys.rotate()).toBe("changed");
    expect([home.keys.pins, home.pin]).toEqual([[next], next]);
    const back = use(await ScriptedGateway.open({ port: home.port, pin: next!, key }));
    await back.admit([device.thumbprint]);
    const at = { port: home.port, gateway: key.id satisfies TunnelId, device };
    expect((await knock({ ...at, pin: next! })).verdict).toEqual({ open: true });
    const [old] = await Promise.allSettled([
      dialTls({ port: home.port, pin: "A".repeat(43), protocol: relayProtocols.device }),
    ]);
    expect(old.status).toBe("rejected");
  });
});

it("closes everything with the relay", async () => {
  const { home, gateway, knock: knocks } = await world();
  const { socket } = await knocks();
  const closed = once(socket, "close");
  socket.resume().once("end", () => socket.end());
  await home.stop();
  await closed;
  await eventually("the tunnel is closed", () => gateway.closed);
});
