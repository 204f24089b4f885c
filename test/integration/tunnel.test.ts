import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { relayProtocols, type FromRelay } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";

import { enforceMs } from "../../gateway-bridge/src/relay/tunnel/roll-push.ts";
import { peerPin } from "../../gateway-bridge/src/relay/protocol/peer-pin.ts";
import { pingEveryMs } from "../../gateway-bridge/src/relay/protocol/reverse-http2.ts";
import { healthyAfterMs } from "../../gateway-bridge/src/relay/tunnel/tunnel.ts";
import { refusedPauseMs } from "../../gateway-bridge/src/relay/tunnel/reconnect-policy.ts";
import { eventually } from "../support/eventually.ts";
import { makeRelayKey, MaliciousRelay, openOver, prove, type LyingTunnel } from "../support/malicious-relay.ts";
import { TcpLine } from "../support/tcp-line.ts";
import { TunnelHome, type PairedDevice, type TunnelHomeOptions } from "../support/tunnel-home.ts";

const never = { signal: new AbortController().signal };

let held: AsyncDisposableStack;
let relay: MaliciousRelay;
beforeEach(async () => {
  held = new AsyncDisposableStack();
  relay = held.use(await MaliciousRelay.open());
});
afterEach(() => held.disposeAsync());

const openHome = (over: Partial<TunnelHomeOptions> = {}): TunnelHome =>
  held.use(TunnelHome.open({ place: relay.place, ...over }));

/** A home whose one device is admitted. */
const standing = async (): Promise<{ home: TunnelHome; device: PairedDevice; tunnel: LyingTunnel }> => {
  const home = openHome();
  const device = home.pair();
  const tunnel = await relay.admitted();
  await home.connected();
  return { home, device, tunnel };
};

const proofFor = (home: TunnelHome, device: PairedDevice, nonce: string) =>
  prove(device, { relay: relay.name, relayKey: relay.key.pin, gateway: home.id, nonce, time: 1_700_000_000_000 });

describe("the tunnel to a relay", () => {
  it("stands when the relay keeps to the roll, and not before", async () => {
    const home = openHome();
    const device = home.pair();
    const tunnel = await relay.tunnel();
    const admit = await tunnel.hear();
    expect(admit).toMatchObject({ kind: "admit", epoch: home.roll.epoch, devices: [device.thumbprint] });
    expect(home.tunnel.state).toMatchObject({ connection: "connecting", trouble: null });
    tunnel.say({ kind: "admitting", epoch: home.roll.epoch });
    await home.connected();
    expect(home.tunnel.state.trouble).toBeNull();
  });

  it("brings a device's channel home, both ways, and counts what came", async () => {
    const { home, device, tunnel } = await standing();
    const { stream, answer } = await tunnel.open(proofFor(home, device, tunnel.nonce()));
    expect(answer).toBe(true);
    expect(home.channels[0]).toMatchObject({ device: device.device, person: device.person, source: "192.0.2.1" });
    const inner = await home.world.speak(device, { ours: stream, theirs: stream });
    inner.write("GH1 api\nhello");
    await eventually("it came in", () => home.world.entered.length === 1);
    const { socket } = home.world.entered[0]!;
    const [heard] = (await once(socket, "data")) as [Buffer];
    expect(heard.toString()).toBe("hello");
    socket.write("welcome");
    const [answered] = (await once(inner, "data")) as [Buffer];
    expect(answered.toString()).toBe("welcome");
    // A ClientHello of today has more than a thousand bytes.
    expect(home.tunnel.figures).toMatchObject({ channels: 1, admittedChannels: 1, refusedChannels: 0 });
    const { receivedBytes } = home.tunnel.figures;
    expect(receivedBytes).toBeGreaterThan(1_000);
    inner.destroy();
    await eventually("it ended", () => home.tunnel.figures.channels === 0);
    expect(home.tunnel.figures.receivedBytes).toBeGreaterThanOrEqual(receivedBytes);
  });

  it("has data connections wait as the relay asks for them, each for one channel", async () => {
    const { home, device, tunnel } = await standing();
    tunnel.say({ kind: "spare", count: 2 });
    const data = await relay.next(relayProtocols.data);
    await eventually("there are two", () => relay.waiting(relayProtocols.data) === 1);
    const hello = await new Promise<Buffer>((resolve) => data.once("data", resolve));
    data.pause();
    expect(JSON.parse(hello.subarray(2).toString())).toEqual({ v: 1, tunnel: tunnel.id });
    const { answer } = await openOver(data, proofFor(home, device, tunnel.nonce()));
    expect(answer).toBe(true);
    await eventually("another takes its place", () => relay.waiting(relayProtocols.data) === 2);
    const inner = await home.world.speak(device, { ours: data, theirs: data });
    inner.write("GH1 api\nhello");
    await eventually("it came in", () => home.world.entered.length === 1);
    expect(home.tunnel.figures.receivedBytes).toBeGreaterThan(1_000);
    home.world.entered[0]!.socket.resume();
    tunnel.say({ kind: "spare", count: 0 });
    for (const spare of [await relay.next(relayProtocols.data), await relay.next(relayProtocols.data)]) {
      await once(spare.resume(), "close");
    }
    expect(home.tunnel.figures.channels).toBe(1);
    inner.destroy();
    data.destroy();
    await eventually("it ended", () => home.tunnel.figures.channels === 0);
    expect(home.tunnel.figures.receivedBytes).toBeGreaterThan(1_000);
  });

  it("tells of each change of the roll, and ends a revoked device's channel before the relay does", async () => {
    const { home, device, tunnel } = await standing();
    const other = home.pair();
    expect(await tunnel.admit()).toMatchObject({ devices: [device.thumbprint, other.thumbprint] });
    const { stream } = await tunnel.open(proofFor(home, device, tunnel.nonce()));
    const { stream: others } = await tunnel.open(proofFor(home, other, tunnel.nonce()));
    const ended = once(stream.resume(), "close");
    home.revoke(device);
    expect(home.tunnel.figures.channels).toBe(1);
    await ended;
    let enforced = false;
    const enforcing = home.tunnel.enforced(home.roll.epoch, never).then(() => (enforced = true));
    const admit = await tunnel.hear();
    expect(admit).toMatchObject({ epoch: home.roll.epoch, devices: [other.thumbprint] });
    expect(enforced).toBe(false);
    tunnel.say({ kind: "admitting", epoch: home.roll.epoch });
    await enforcing;
    expect(others.destroyed).toBe(false);
  });

  it("comes back when the relay died, with the roll of then and another salt", async () => {
    const { home, device, tunnel } = await standing();
    const salt = tunnel.heard?.salt;
    home.revoke(device);
    await relay[Symbol.asyncDispose]();
    await eventually("it is lost", () => home.tunnel.state.connection === "connecting");
    await home.tunnel.enforced(home.roll.epoch, never);
    relay = held.use(await MaliciousRelay.open({ key: relay.key }));
    home.place = relay.place;
    const again = await relay.admitted();
    await home.connected();
    expect(again.heard).toMatchObject({ epoch: home.roll.epoch, devices: [] });
    expect(again.heard?.salt).not.toBe(salt);
    expect(home.tunnel.figures.reconnects).toBe(1);
  });

  it("comes back soon to a relay that ends the tunnel, and says nothing of closing", async () => {
    const { home, tunnel } = await standing();
    tunnel.http.destroy();
    await eventually("it fell", () => home.tunnel.state.connection === "connecting");
    expect(home.tunnel.state.trouble).toBe("the connection to the relay ended");
    await relay.admitted();
    await home.connected();
  });

  it("changes its key by telling the relay first", async () => {
    const { home, tunnel } = await standing();
    const before = home.keys.current().pin;
    const next = home.keys.draw();
    const rotating = home.tunnel.rotate(never);
    expect(await tunnel.hear()).toEqual({ kind: "key", pin: next.pin, only: false });
    expect(home.keys.current().pin).toBe(before);
    tunnel.say({ kind: "key", pin: next.pin, only: false });
    await rotating;
    const again = await relay.admitted();
    await home.connected();
    expect(home.keys.current().pin).toBe(next.pin);
    expect(again.http.destroyed).toBe(false);
  });

  it("comes with the next key where the relay has forgotten the one before, and its answer was lost", async () => {
    const clock = new TestClock();
    const home = openHome({ clock });
    const next = home.keys.draw(true);
    const first = await relay.next(relayProtocols.tunnel);
    expect(peerPin(first)).toBe(home.keys.current().pin);
    first.destroy();
    await eventually("it failed", () => home.tunnel.state.trouble !== null);
    await clock.advance(2_000);
    const second = await relay.admitted();
    await eventually("the next key is the current one", () => home.keys.current().pin === next.pin);
    expect(second.http.destroyed).toBe(false);
    await home.tunnel.rotate(never);
  });

  it("keeps both keys of a relay that changes its own", async () => {
    const home = openHome();
    const other = makeRelayKey();
    const tunnel = await relay.tunnel({ keys: [other.pin, relay.key.pin] });
    await tunnel.admit();
    await home.connected();
    expect(home.place.keys).toEqual([other.pin, relay.key.pin]);
    relay.show(other);
    tunnel.die();
    const again = await relay.tunnel({ keys: [other.pin] });
    await again.admit();
    await eventually("it stands anew", () => home.tunnel.figures.reconnects === 1);
    expect(home.place.keys).toEqual([other.pin]);
  });

  it("carries on with what stands while the relay drains, and comes back later", async () => {
    const { home, device, tunnel } = await standing();
    const { stream } = await tunnel.open(proofFor(home, device, tunnel.nonce()));
    tunnel.say({ kind: "drain", withinMs: 60_000 });
    const inner = await home.world.speak(device, { ours: stream, theirs: stream });
    inner.write("GH1 api\n");
    await eventually("it came in", () => home.world.entered.length === 1);
    tunnel.http.destroy();
    await eventually("it is over", () => home.tunnel.state.connection === "connecting");
    expect(home.tunnel.state.trouble).toBe("the relay has closed for a while");
    await relay.admitted();
    await home.connected();
  });
});

describe("a relay that does not do its part", () => {
  it("is asked again after five minutes when it closes without a word, twice", async () => {
    const clock = new TestClock();
    const home = openHome({ clock });
    (await relay.next(relayProtocols.tunnel)).destroy();
    await eventually("it failed", () => home.states.length === 1);
    expect(home.tunnel.state.connection).toBe("connecting");
    await clock.advance(1_000);
    (await relay.next(relayProtocols.tunnel)).destroy();
    await eventually("it is refused", () => home.tunnel.state.connection === "refused");
    expect(home.tunnel.state.trouble).toContain("does not know this gateway");
    await clock.advance(refusedPauseMs - 1);
    expect(relay.waiting(relayProtocols.tunnel)).toBe(0);
    await clock.advance(1);
    await relay.admitted();
    await home.connected();
  });

  it("never makes a tight loop of a relay that takes the gateway and drops it", async () => {
    const clock = new TestClock();
    const home = openHome({ clock, random: () => 1 });
    const pauses: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const tunnel = await relay.admitted();
      await home.connected();
      tunnel.die();
      await eventually("it fell", () => home.tunnel.state.connection === "connecting");
      const pause = Number(home.log.lines.at(-1)?.fields["retryInMs"]);
      pauses.push(pause);
      await clock.advance(pause - 1);
      expect(relay.waiting(relayProtocols.tunnel)).toBe(0);
      await clock.advance(1);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000]);
  });

  it("is trusted again when the tunnel has stood for a while", async () => {
    const clock = new TestClock();
    const home = openHome({ clock, random: () => 1 });
    const pauses: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const tunnel = await relay.admitted();
      await home.connected();
      await clock.advance(healthyAfterMs);
      tunnel.die();
      await eventually("it fell", () => home.tunnel.state.connection === "connecting");
      pauses.push(home.log.lines.at(-1)?.fields["retryInMs"]);
      await clock.advance(2_000);
    }
    expect(pauses).toEqual([2_000, 2_000, 2_000]);
  });

  it("is left when it no longer answers pings", async () => {
    const line = held.use(await TcpLine.open(relay.port));
    const clock = new TestClock();
    const home = openHome({ clock, place: { ...relay.place, address: line.address } });
    await relay.admitted();
    await home.connected();
    await clock.advance(2 * pingEveryMs);
    line.freeze();
    await clock.advance(3 * pingEveryMs);
    const troubles = (): readonly (string | null)[] => home.states.map(({ trouble }) => trouble);
    await eventually("it is left", () => troubles().includes("the relay does not answer any more"));
  });

  it("is left when it does not say that it keeps to a roll", async () => {
    const clock = new TestClock();
    const home = openHome({ clock });
    const tunnel = await relay.admitted();
    await home.connected();
    home.pair();
    const enforcing = home.tunnel.enforced(home.roll.epoch, never);
    await tunnel.hear();
    await clock.advance(enforceMs);
    await tunnel.ended();
    await enforcing;
    await eventually("it is left", () => home.tunnel.state.connection === "connecting");
  });

  it.each<[string, (tunnel: LyingTunnel) => void]>([
    ["welcomes twice", (tunnel) => tunnel.say(welcomeOf(tunnel))],
    ["keeps to a roll of the future", (tunnel) => tunnel.say({ kind: "admitting", epoch: 1_000_000 })],
    ["takes a key that nobody has", (tunnel) => tunnel.say({ kind: "key", pin: "x".repeat(43), only: false })],
    ["says something else", (tunnel) => tunnel.say({ kind: "hello" } as never)],
    ["says something too long", (tunnel) => void tunnel.control.write(Buffer.alloc(40_000, 0xff))],
  ])("is left when it %s", async (_, lie) => {
    const { home, tunnel } = await standing();
    const states = home.states.length;
    lie(tunnel);
    await tunnel.ended();
    await eventually("that is known", () => home.states.length > states);
    expect(home.states[states]).toMatchObject({ connection: "connecting" });
    expect(home.states[states]?.trouble).toMatch(/relay|other side/);
  });
});

const welcomeOf = ({ id }: LyingTunnel): FromRelay => ({
  ...{ kind: "welcome", v: 1, relay: relay.name, tunnel: id, time: 1, keys: [relay.key.pin] },
});
