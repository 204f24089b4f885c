import { TunnelId, type AdmissionContext } from "@gatehouse/shared";
import { afterEach, describe, expect, it } from "@jest/globals";

import { MemoryRegistry } from "../../gateway-bridge/src/relay/server/memory-registry.ts";
import { eventually } from "../support/eventually.ts";
import {
  knock,
  makeDeviceKey,
  readBytes,
  type DeviceKey,
  type Knocked,
  type KnockOptions,
} from "../support/relay-device.ts";
import { RelayHome, type GatewayKey, type RelayHomeOptions } from "../support/relay-home.ts";
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
  /** With one thing wrong where it is told. */
  readonly knock: (over?: Partial<KnockOptions>) => Promise<Knocked>;
  readonly connect: (over?: Partial<ScriptedGatewayOptions>) => Promise<ScriptedGateway>;
}

/** A relay, a gateway with one device, which is admitted already. */
const world = async (options: RelayHomeOptions = {}): Promise<World> => {
  const home = use(await RelayHome.open(options));
  const key = home.enrolledKey();
  const device = makeDeviceKey();
  const connect = async (over: Partial<ScriptedGatewayOptions> = {}) =>
    use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key, ...over }));
  const gateway = await connect();
  await gateway.admit([device.thumbprint], { epoch: 10 });
  const knocks = (over: Partial<KnockOptions> = {}) =>
    knock({ port: home.port, pin: home.pin, gateway: key.id, device, ...over });
  return { home, key, gateway, device, knock: knocks, connect };
};

const refused = { open: false, why: "refused", retryMs: 5_000 };
const expectNothingReached = ({ openings, received }: ScriptedGateway): void => {
  expect({ openings: openings.length, received }).toEqual({ openings: 0, received: 0 });
};
/** Resolves once the relay closed it. */
const closed = async ({ socket }: Pick<Knocked, "socket">): Promise<void> => {
  socket.resume();
  await eventually("the relay closes the connection", () => socket.closed || socket.readableEnded);
};

describe("a device at the relay's door", () => {
  const other = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");
  const changed = (over: Partial<AdmissionContext>): Partial<KnockOptions> => ({
    context: (asked) => ({ ...asked, ...over }),
  });

  it.each<[string, Partial<KnockOptions>]>([
    ["a device that no gateway named", { device: makeDeviceKey() }],
    ["a gateway that is none", { gateway: other }],
    ["a proof for another relay", changed({ relay: "relay.other" })],
    ["a proof for another relay's key", changed({ relayKey: "A".repeat(43) })],
    ["a proof for another gateway", changed({ gateway: other })],
    ["a proof for another nonce", changed({ nonce: "A".repeat(43) })],
    ["a proof for another time", changed({ time: 1 })],
    ["a signature that is none", { proof: (proof) => ({ ...proof, signature: "A".repeat(86) }) }],
  ])("refuses %s, and not a byte reaches the gateway", async (_what, over) => {
    const { gateway, knock: knocks, home } = await world();
    const knocked = await knocks(over);
    knocked.socket.write(Buffer.alloc(10_000));
    expect(knocked.verdict).toEqual(refused);
    await closed(knocked);
    expectNothingReached(gateway);
    expect(home.relay.figures().knocks).toMatchObject({ open: 0, refused: 1 });
    // The rightful owner's way is open all the while.
    expect((await knocks()).verdict).toEqual({ open: true });
  });

  it("refuses a thumbprint without its key", async () => {
    const { gateway, device, knock: knocks } = await world();
    const thief = { ...makeDeviceKey(), spki: device.spki };
    expect((await knocks({ device: thief })).verdict).toEqual(refused);
    expectNothingReached(gateway);
  });

  it("refuses a proof that it saw before", async () => {
    const { gateway, knock: knocks } = await world();
    let seen: unknown;
    const first = await knocks({ proof: (proof) => (seen = proof) });
    expect(first.verdict).toEqual({ open: true });
    const before = gateway.openings.length;
    expect((await knocks({ proof: () => seen })).verdict).toEqual(refused);
    expect(gateway.openings).toHaveLength(before);
  });

  it("refuses whoever speaks out of turn, though it proved its key", async () => {
    const { gateway, knock: knocks } = await world();
    expect((await knocks({ eager: Buffer.from("GET /") })).verdict).toEqual(refused);
    expectNothingReached(gateway);
  });

  it("is cut off where its proof is none", async () => {
    const { gateway, knock: knocks } = await world();
    const cut = await knocks({ proof: (proof) => ({ ...proof, more: 1 }) }).catch((error: unknown) => error);
    expect(cut).toMatchObject({ code: "relay-unreachable" });
    expectNothingReached(gateway);
  });

  it("challenges in the same form for gateways that are connected and for those that are none", async () => {
    const { knock: knocks, key } = await world();
    const at = async (gateway: TunnelId) => {
      const nonces: Buffer[] = [];
      for (let time = 0; time < 2; time += 1) {
        const { challenge } = await knocks({ gateway, device: makeDeviceKey() });
        nonces.push(Buffer.from(challenge.nonce, "base64url"));
      }
      return nonces;
    };
    for (const gateway of [key.id, other]) {
      const [first, second] = await at(gateway);
      // The front stays, as a tunnel's salt does; the rest is drawn for each.
      expect(first!.subarray(0, 16).equals(second!.subarray(0, 16))).toBe(true);
      expect(first!.subarray(16).equals(second!.subarray(16))).toBe(false);
    }
  });

  it("is told `draining` only once it proved its key", async () => {
    const { home, knock: knocks, gateway } = await world();
    await home.relay.drain(0, { signal: new AbortController().signal });
    expect((await knocks()).verdict).toMatchObject({ open: false, why: "draining" });
    expect((await knocks({ device: makeDeviceKey() })).verdict).toEqual(refused);
    expectNothingReached(gateway);
    expect(gateway.heard.map(({ kind }) => kind)).toContain("drain");
  });

  it("is refused where the gateway does not take it", async () => {
    const { gateway, home, key, device, connect } = await world();
    await gateway[Symbol.asyncDispose]();
    const choosy = await connect({ takes: () => false });
    await choosy.admit([device.thumbprint], { epoch: 11 });
    const { verdict } = await knock({ port: home.port, pin: home.pin, gateway: key.id, device });
    expect([verdict, choosy.openings.length, choosy.received]).toEqual([refused, 1, 0]);
    expect(home.relay.figures().channels).toBe(0);
  });

  it("is refused where nobody can say whether its gateway is connected", async () => {
    let broken = false;
    class Breaking extends MemoryRegistry {
      override async lookup(gateway: TunnelId) {
        if (broken) throw new Error("unreachable");
        return super.lookup(gateway);
      }
    }
    const { gateway, knock: knocks } = await world({ registry: () => new Breaking() });
    broken = true;
    expect((await knocks()).verdict).toEqual(refused);
    expectNothingReached(gateway);
    broken = false;
    expect((await knocks()).verdict).toEqual({ open: true });
  });
});

it("does not answer for a gateway whose tunnel ends at another relay process by now", async () => {
  const registry = new MemoryRegistry();
  const { gateway, key, knock: knocks } = await world({ registry: () => registry });
  await registry.claim({ gateway: key.id, tunnel: "elsewhere", node: "another", epoch: 11 });
  expect((await knocks()).verdict).toEqual(refused);
  await eventually("its tunnel here is closed", () => gateway.closed);
  await registry.claim({ gateway: key.id, tunnel: gateway.welcome.tunnel, node: "another", epoch: 12 });
  expect((await knocks()).verdict).toEqual(refused);
  expectNothingReached(gateway);
});

it("does not answer for one by a tunnel that the registry does not name", async () => {
  class Forgetful extends MemoryRegistry {
    override watch() {
      return { [Symbol.dispose]: () => undefined };
    }
  }
  const registry = new Forgetful();
  const { gateway, key, knock: knocks } = await world({ registry: () => registry });
  await registry.claim({ gateway: key.id, tunnel: "elsewhere", node: "another", epoch: 11 });
  expect((await knocks()).verdict).toEqual(refused);
  expect(gateway.closed).toBe(false);
  expectNothingReached(gateway);
});

describe("whom a gateway admits", () => {
  it("is nobody before it has said so", async () => {
    const { home, key, device, gateway, connect, knock: knocks } = await world();
    await gateway[Symbol.asyncDispose]();
    await eventually("the relay sees it go", () => home.relay.figures().tunnels.live === 0);
    const silent = await connect();
    expect((await knocks()).verdict).toEqual(refused);
    expectNothingReached(silent);
    await silent.admit([device.thumbprint], { epoch: 10 });
    expect((await knocks()).verdict).toEqual({ open: true });
    expect(home.relay.isConnected(key.id)).toBe(true);
  });

  it.each(["shared", "own"] as const)("ends a revoked device's channel at once, and no other (%s)", async (way) => {
    const { home, gateway, device, knock: knocks } = await world();
    const stays = makeDeviceKey();
    await gateway.admit([device.thumbprint, stays.thumbprint], { epoch: 11 });
    const [revoked, other] = [await knocks({ way }), await knocks({ device: stays, way })];
    revoked.socket.write("a");
    expect((await readBytes(revoked.socket, 1)).toString()).toBe("a");
    await gateway.admit([stays.thumbprint], { epoch: 12 });
    // It is over when the relay says that the new set is in force.
    expect(home.relay.figures().channels).toBe(1);
    await closed(revoked);
    const before = gateway.received;
    other.socket.write("b");
    expect((await readBytes(other.socket, 1)).toString()).toBe("b");
    expect(gateway.received).toBe(before + 1);
    expect((await knocks()).verdict).toEqual(refused);
  });

  it("does not let a device in that is revoked while its channel is being opened", async () => {
    const { home, key, device, gateway, connect } = await world();
    await gateway[Symbol.asyncDispose]();
    const asked = Promise.withResolvers<undefined>();
    const answered = Promise.withResolvers<boolean>();
    const slow = await connect({
      takes: () => {
        asked.resolve(undefined);
        return answered.promise;
      },
    });
    await slow.admit([device.thumbprint], { epoch: 11 });
    const knocked = knock({ port: home.port, pin: home.pin, gateway: key.id, device }).catch((error: unknown) => error);
    await asked.promise;
    await slow.admit([], { epoch: 12 });
    answered.resolve(true);
    expect(await knocked).toMatchObject({ code: "relay-unreachable" });
    expect([home.relay.figures().channels, slow.received]).toEqual([0, 0]);
  });

  it("closes a tunnel that goes back to an older set, also on another connection", async () => {
    const { home, gateway, device, connect, knock: knocks } = await world();
    const late = await connect();
    late.send({ kind: "admit", epoch: 9, salt: "A".repeat(22), devices: [device.thumbprint] });
    await eventually("the late tunnel is closed", () => late.closed);
    expect(gateway.closed).toBe(false);
    gateway.send({ kind: "admit", epoch: 9, salt: "A".repeat(22), devices: [device.thumbprint] });
    await eventually("the tunnel is closed", () => gateway.closed);
    expect(home.relay.figures().tunnels.ended).toEqual({ stale: 2 });
    expect((await knocks()).verdict).toEqual(refused);
  });

  it("is what its newest tunnel says, from its first set on", async () => {
    const { gateway, connect, device, knock: knocks } = await world();
    const newer = await connect();
    expect((await knocks()).verdict).toEqual({ open: true });
    expect([gateway.openings.length, gateway.closed]).toEqual([1, false]);
    await newer.admit([device.thumbprint], { epoch: 10 });
    await eventually("the older tunnel is closed", () => gateway.closed);
    expect((await knocks()).verdict).toEqual({ open: true });
    expect([gateway.openings.length, newer.openings.length]).toEqual([1, 1]);
  });

  it("holds over the relay's restart between a revocation and the reconnect", async () => {
    const { home, key, device, connect } = await world();
    const at = () => ({ port: home.port, pin: home.pin, gateway: key.id, device });
    await home.stop();
    await home.start();
    // The gateway has revoked it meanwhile, and is on its way back.
    expect((await knock(at())).verdict).toEqual(refused);
    const back = await connect({ port: home.port });
    expect((await knock(at())).verdict).toEqual(refused);
    await back.admit([], { epoch: 11 });
    expect((await knock(at())).verdict).toEqual(refused);
    expectNothingReached(back);
  });

  it("ends with the gateway's own enrolment, live channels too", async () => {
    const { home, key, gateway, knock: knocks, connect } = await world();
    const live = await knocks();
    expect(live.verdict).toEqual({ open: true });
    home.gateways.revoke(key.id);
    expect(home.relay.figures()).toMatchObject({ channels: 0, tunnels: { live: 0, ended: { revoked: 1 } } });
    await closed(live);
    await eventually("the tunnel is closed", () => gateway.closed);
    await expect(connect()).rejects.toThrow();
    expect((await knocks()).verdict).toEqual(refused);
  });
});
