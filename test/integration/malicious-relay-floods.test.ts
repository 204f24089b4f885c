import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";

import { mostOpening } from "../../gateway-bridge/src/relay/tunnel/channel-intake.ts";
import { mostOfOneDevice } from "../../gateway-bridge/src/relay/tunnel/live-channels.ts";
import { crowdBudget, nonsenseBudget } from "../../gateway-bridge/src/relay/tunnel/refusal-budget.ts";
import { eventually } from "../support/eventually.ts";
import { prove, type LyingTunnel, type MaliciousRelay } from "../support/malicious-relay.ts";
import { MaliciousWorld } from "../support/malicious-world.ts";
import { TunnelHome, type PairedDevice } from "../support/tunnel-home.ts";

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

describe("a relay that asks too much", () => {
  it("opens no more channels of one device than it may have, and the tunnel stands", async () => {
    const kept: Duplex[] = [];
    const other = world.use(TunnelHome.open({ place: relay.place, accept: ({ stream }) => void kept.push(stream) }));
    other.roll.put(device.thumbprint, device);
    const own = await relay.admitted();
    await other.connected();
    const answers: unknown[] = [];
    for (let round = 0; round < 1_000; round += mostOpening) {
      const some = Array.from({ length: Math.min(mostOpening, 1_000 - round) }, () =>
        own.open(prove(device, world.contextNow({ gateway: other.id, nonce: own.nonce() }))),
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
    // Nothing is forgiven while no time goes by.
    const other = world.use(TunnelHome.open({ place: relay.place, clock: new TestClock() }));
    const own = await relay.admitted();
    await other.connected();
    const stranger = generateKeyPairSync("ed25519");
    // As many as are read beside each other: of all at once, most are refused unread.
    for (let asked = 0; asked < 1_000 && !own.http.destroyed; asked += mostOpening) {
      const context = world.contextNow({ gateway: other.id, nonce: own.nonce() });
      await Promise.all(Array.from({ length: mostOpening }, () => own.open(prove(stranger, context))));
    }
    await own.ended();
    expect(other.states.at(-1)?.trouble).toContain("more channels than any device asked for");
    const { refusedChannels, admittedChannels } = other.tunnel.figures;
    expect(admittedChannels).toBe(0);
    expect(refusedChannels).toBeGreaterThan(nonsenseBudget.most);
    expect(refusedChannels).toBeLessThan(1_000);
  });

  it("keeps no more than a few channels open that say nothing", async () => {
    const clock = new TestClock();
    const other = world.use(TunnelHome.open({ place: relay.place, clock }));
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
    // Nothing is forgiven while no time goes by.
    const other = world.use(TunnelHome.open({ place: relay.place, clock: new TestClock() }));
    const own = await relay.admitted();
    await other.connected();
    const busy = (): number => other.tunnel.figures.refusedBy.busy;
    for (let floods = 0; floods < 20 && !own.http.destroyed; floods += 1) {
      const before = busy();
      for (let count = 0; count < 100; count += 1) own.stream("/channel");
      await eventually("they came", () => own.http.destroyed || busy() >= before + 60);
    }
    await own.ended();
    expect(busy()).toBeGreaterThan(crowdBudget.most);
    expect(other.tunnel.figures).toMatchObject({ channels: 0, receivedBytes: 0 });
  });

  it("is left when it sends rolls of streams that are none of the protocol's", async () => {
    const other = world.use(TunnelHome.open({ place: relay.place, clock: new TestClock() }));
    const own = await relay.admitted();
    await other.connected();
    for (let count = 0; count <= nonsenseBudget.most; count += 1) own.stream(count % 2 === 0 ? "/control" : "/");
    await own.ended();
    expect(other.tunnel.figures.refusedBy.malformed).toBe(nonsenseBudget.most + 1);
  });

  it("holds little of what it does not read, and up nobody else", async () => {
    const [one, two] = [
      await tunnel.open(prove(device, world.contextNow())),
      await tunnel.open(prove(device, world.contextNow())),
    ];
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
