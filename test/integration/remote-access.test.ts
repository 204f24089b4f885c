import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import {
  formatRelayInvite,
  parsePairingString,
  RelayName,
  silentLogger,
  type Invitation,
  type PairingOffer,
  type Person,
  type RecoveryCodes,
  type RemoteDevice,
  type RemoteState,
  type WayHome,
} from "@gatehouse/shared";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Gateway } from "../../gateway-bridge/src/gateway.ts";
import { RelayNode } from "../../gateway-bridge/src/relay-node.ts";
import { RelayConfig } from "../../gateway-bridge/src/relay/relay-config.ts";
import { openGateway, runGatehouse, runGatehouseJson } from "../support/command-line.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { OwnTime } from "../support/own-time.ts";
import type { PageClient } from "../support/page-client.ts";
import { SetClock } from "../support/set-clock.ts";
import { takeHold } from "../support/take-hold.ts";
import { Traveller } from "../support/traveller.ts";

jest.setTimeout(60_000);

const never = { signal: new AbortController().signal };
const name = RelayName.parse("relay.test");
const day = 86_400_000;

/** A home with Ann in it, and a relay that is somewhere else. */
class Abroad implements AsyncDisposable {
  readonly clock = new SetClock();
  readonly data: string;
  readonly port: number;
  #relay: RelayNode | undefined;
  #gateway: ({ readonly gateway: Gateway } & AsyncDisposable) | undefined;
  #page: PageClient | undefined;
  #codes: string[] = [];

  private constructor(data: string, port: number) {
    this.data = data;
    this.port = port;
  }

  static async open(): Promise<Abroad> {
    const abroad = new Abroad(await mkdtemp(join(tmpdir(), "gatehouse-remote-")), await freePort());
    await abroad.startGateway();
    return abroad;
  }

  get relay(): RelayNode {
    if (this.#relay === undefined) throw new Error("the relay does not run");
    return this.#relay;
  }

  get page(): PageClient {
    if (this.#page === undefined) throw new Error("nobody took hold of the gateway");
    return this.#page;
  }

  async startGateway(): Promise<void> {
    const nowhere = { host: "127.0.0.1", port: 0 };
    const config = { listen: nowhere, rtsp: nowhere, advertise: false };
    this.#gateway = await openGateway(join(this.data, "gateway"), config, this.clock);
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#gateway = undefined;
  }

  async startRelay(): Promise<void> {
    const config = RelayConfig.parse({ name, listen: { host: "127.0.0.1", port: this.port } });
    const data = join(this.data, "relay");
    await mkdir(data, { recursive: true, mode: 0o700 });
    const options = { data, config, clock: this.clock, log: silentLogger };
    this.#relay = await RelayNode.open(options, never);
  }

  async stopRelay(): Promise<void> {
    await this.#relay?.[Symbol.asyncDispose]();
    this.#relay = undefined;
  }

  command<T>(args: readonly string[], input?: string): Promise<T> {
    return runGatehouseJson(join(this.data, "gateway"), args, input) as Promise<T>;
  }

  say(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    return runGatehouse(join(this.data, "gateway"), args);
  }

  invite(): string {
    const { secret } = this.relay.gateways.invite({ ttlMs: 60_000 });
    return formatRelayInvite({ address: this.relay.address, relay: name, relayKey: this.relay.keys.shown.pin, secret });
  }

  /** Makes the gateway Ann's, enrols it, and switches it on. */
  async settle(): Promise<void> {
    await this.startRelay();
    const { address } = this.#gateway!.gateway;
    const parts = {
      address,
      data: join(this.data, "gateway"),
      command: (args: readonly string[]) => this.command(args),
    };
    this.#page = await takeHold(parts);
    this.#codes = ((await this.page.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes).codes;
    await this.command(["remote", "enrol", "--invite-stdin"], this.invite());
    const { connection } = await this.command<RemoteState>(["remote", "on"]);
    expect(connection).toBe("connected");
  }

  async pair(called = "Laptop"): Promise<Traveller> {
    return Traveller.pair(await this.command<PairingOffer>(["remote", "device", "add", "ann", called]));
  }

  /** Signs Ann in on a device. */
  async signIn(traveller: Traveller): Promise<void> {
    const body = { loginName: "ann", password: "correct horse battery staple", code: this.#codes.shift() };
    const { status } = await traveller.ask({ method: "POST", path: "/v1/sign-in/password", body });
    expect(status).toBe(200);
  }

  state(): Promise<RemoteState> {
    return this.command(["remote", "status"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopGateway();
    await this.stopRelay();
    await rm(this.data, { recursive: true });
  }
}

let abroad: Abroad;
beforeEach(async () => {
  abroad = await Abroad.open();
});
afterEach(() => abroad[Symbol.asyncDispose]());

/** Of whom a socket is connected to: its options, perhaps in a list. */
const portOf = (args: readonly unknown[]): unknown =>
  [args[0]].flat().map((options) => (options as { readonly port?: unknown } | undefined)?.port);

const wayHome = { path: "/v1/remote/way-home" };

describe("remote access", () => {
  it("is off by default, says what does not work, and opens no connection to anything until it is switched on", async () => {
    const connect = jest.spyOn(Socket.prototype, "connect");
    const isDialled = (): boolean => JSON.stringify(connect.mock.calls.map(portOf)).includes(String(abroad.port));
    try {
      expect(await abroad.state()).toMatchObject({ enabled: false, connection: "off", relay: null, tunnel: null });
      const refused = await abroad.say(["remote", "on"]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("remote-off")]);
      await abroad.startRelay();
      await abroad.command(["remote", "enrol", "--invite-stdin"], abroad.invite());
      const off = await abroad.state();
      expect(off).toMatchObject({ enabled: false, connection: "off", relay: { name, address: abroad.relay.address } });
      expect(off.stops.join(" ")).toContain("Nobody reaches this home through a relay");
      // Neither where it starts anew.
      connect.mockClear();
      await abroad.stopGateway();
      await abroad.startGateway();
      await abroad.state();
      expect([connect.mock.calls.length > 0, isDialled()]).toEqual([true, false]);
      expect(await abroad.command(["remote", "on"])).toMatchObject({ connection: "connected", stops: [] });
      expect(isDialled()).toBe(true);
      const again = await abroad.command<RemoteState>(["remote", "off"]);
      expect(again).toMatchObject({ enabled: false, connection: "off", stops: off.stops });
    } finally {
      connect.mockRestore();
    }
  });

  it("takes devices that are paired at home, lists them, and ends one with all it carries within a second", async () => {
    await abroad.settle();
    const laptop = await abroad.pair();
    await abroad.signIn(laptop);
    const socket = await laptop.knock();
    expect(await laptop.ask(wayHome, socket)).toMatchObject({ status: 200, json: laptop.wayHome });
    const [device] = await abroad.command<RemoteDevice[]>(["remote", "device", "list"]);
    expect(device).toMatchObject({
      id: laptop.identity.device,
      name: "Laptop",
      revoked: null,
      used: expect.any(Number),
    });
    expect(await abroad.state()).toMatchObject({ devices: 1, channels: 1, refusedChannels: 0 });

    const { text: metrics } = await abroad.page.ask({ path: "/metrics" });
    expect(metrics).toContain('gatehouse_remote_connection{state="connected"} 1');
    expect(metrics).toContain("gatehouse_remote_channels 1");

    // Another one, from where it is.
    const offer = await abroad.command<PairingOffer>(["remote", "device", "add", "ann", "Phone"]);
    const secret = parsePairingString(offer.pairingString).secret.toString("base64url");
    const publicKey = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.alloc(32, 9)]);
    const pair = {
      method: "POST",
      path: "/v1/remote/devices",
      body: { secret, publicKey: publicKey.toString("base64") },
    };
    expect(await laptop.ask(pair)).toMatchObject({ status: 403, code: "access-denied" });
    await Traveller.pair(offer);

    using time = new OwnTime();
    const [wall, own] = [performance.now(), time.now()];
    const stoodStill = (): number => performance.now() - wall - (time.now() - own);
    const closed = once(socket, "close").then(() => abroad.clock.now() - stoodStill());
    await abroad.command(["remote", "device", "revoke", laptop.identity.device]);
    // Gateway, relay and laptop are all in this process: while it stands still, none of them is late.
    const closedAt = await closed;
    await expect(laptop.knock()).rejects.toMatchObject({ code: "relay-refused" });
    const devices = await abroad.command<RemoteDevice[]>(["remote", "device", "list"]);
    expect(closedAt - (devices[0]?.revoked ?? 0)).toBeLessThan(1_000);
    expect(devices.map(({ name: called, revoked }) => [called, revoked !== null])).toEqual([
      ["Laptop", true],
      ["Phone", false],
    ]);
    const logins = await abroad.command<{ device: string }[]>(["login", "list"]);
    expect(logins.map(({ device: on }) => on)).toEqual(["Firefox on Linux"]);
    const notices = await abroad.command<{ kind: string; person: string | null }[]>(["notice", "list"]);
    const { id: ann } = (await abroad.command<Person[]>(["person", "list"]))[0]!;
    expect(notices.filter(({ person }) => person === ann).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["remote-device-added", "remote-device-revoked"]),
    );
  });

  it("lets a person add and revoke devices of its own, after a step-up, and ends them with the person", async () => {
    await abroad.settle();
    const offerOwn = { method: "POST", path: "/v1/me/remote-device-offers", body: { name: "Own" } };
    const phone = await Traveller.pair((await abroad.page.get(offerOwn)) as PairingOffer);
    const revocation = ({ identity }: Traveller) => ({
      method: "DELETE",
      path: `/v1/me/remote-devices/${identity.device}`,
    });
    const bob = await abroad.command<Invitation>(["person", "add", "bob", "--all-cameras"]);
    const other = await Traveller.pair(
      await abroad.command<PairingOffer>(["remote", "device", "add", "bob", "Tablet"]),
    );
    expect((await abroad.page.ask(revocation(other))).code).toBe("not-found");
    const second = await Traveller.pair((await abroad.page.get(offerOwn)) as PairingOffer);
    expect(await abroad.page.get(revocation(second))).toEqual({});
    const revoke = revocation(phone);
    abroad.clock.jump(11 * 60_000);
    for (const each of [offerOwn, revoke]) expect((await abroad.page.ask(each)).code).toBe("step-up-required");
    expect(await abroad.page.get({ path: "/v1/me/remote-devices" })).toMatchObject([
      { id: phone.identity.device, revoked: null },
      { id: second.identity.device, revoked: expect.any(Number) },
    ]);
    const all = await abroad.command<RemoteDevice[]>(["remote", "device", "list"]);
    expect(all.find(({ id }) => id === other.identity.device)?.revoked).toBeNull();
    // It goes with its person.
    const knocking = await other.knock();
    const closed = once(knocking, "close");
    await abroad.command(["person", "remove", bob.person.id]);
    await closed;
    await expect(other.knock()).rejects.toMatchObject({ code: "relay-refused" });
  });

  it("lets a device in that was off for thirty days and a change of keys, and then tells it the new ones", async () => {
    await abroad.settle();
    const laptop = await abroad.pair();
    const before = laptop.wayHome;
    const pins = abroad.relay.gateways.list()[0]!.pins;
    abroad.clock.jump(day);
    await abroad.command(["remote", "rotate"]);
    await eventually("the gateway to come with its new key", () => {
      const [now] = abroad.relay.gateways.list()[0]!.pins;
      return now !== undefined && !pins.includes(now);
    });
    abroad.clock.jump(30 * day);
    await eventually("the tunnel", () => abroad.relay.relay.figures().tunnels.live === 1);
    await abroad.signIn(laptop);
    const { json } = await laptop.ask(wayHome);
    const now = json as WayHome;
    expect(now.gatewayKeys).toHaveLength(2);
    expect(now.gatewayKeys[1]).toBe(before.gatewayKeys[0]);
    // It may not have heard that: the key before is good until it has shown that it did, and then nobody expects it.
    await laptop.ask(wayHome);
    const knowing = laptop.knowing(now);
    expect((await knowing.ask(wayHome)).json).toMatchObject({ gatewayKeys: [now.gatewayKeys[0]] });
    await expect(laptop.ask(wayHome)).rejects.toMatchObject({ code: "gateway-unreachable" });
  });

  it("panics: all ends here at once, and the relay drops the key before when it can be reached again", async () => {
    await abroad.settle();
    const laptop = await abroad.pair();
    await abroad.signIn(laptop);
    const socket = await laptop.knock();
    await laptop.ask(wayHome, socket);
    const [before] = abroad.relay.gateways.list();
    const asked = await abroad.say(["remote", "panic"]);
    expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining("--yes")]);
    await abroad.stopRelay();

    await abroad.command(["remote", "panic", "--yes"]);
    const untold = { enabled: false, connection: "off", devices: 0, trouble: expect.stringContaining("not told yet") };
    expect(await abroad.state()).toMatchObject(untold);
    const logins = await abroad.command<{ device: string }[]>(["login", "list"]);
    expect(logins.map(({ device }) => device)).toEqual(["Firefox on Linux"]);
    await abroad.stopGateway();
    await abroad.startGateway();
    expect(await abroad.state()).toMatchObject(untold);

    await abroad.startRelay();
    await eventually("the relay to know one key alone", () => {
      const { pins } = abroad.relay.gateways.list()[0]!;
      return pins.length === 1 && pins[0] !== before!.pins[0];
    });
    // That was all that it came for.
    await eventually("the gateway to leave", () => abroad.relay.relay.figures().tunnels.live === 0);
    expect(await abroad.state()).toMatchObject({ enabled: false, connection: "off", trouble: null });
    expect(await abroad.command(["remote", "on"])).toMatchObject({ connection: "connected", tunnel: before!.id });
    await expect(laptop.knock()).rejects.toMatchObject({ code: "relay-refused" });
  });

  it("says who may come, and gives the right to no plugin", async () => {
    await abroad.settle();
    const { people } = await abroad.command<{ people: { name: string }[] }>(["remote", "on"]);
    expect(people.map((person) => person.name)).toEqual(["Ann"]);
    const plugin = await abroad.say(["pair", "--for", "homebridge", "--action", "remote"]);
    expect([plugin.code, plugin.stderr]).toEqual([1, expect.stringContaining('only an owner can hold "remote"')]);
  });

  it("forgets the relay, and its devices, where the owner leaves it", async () => {
    await abroad.settle();
    const laptop = await abroad.pair();
    const left = await abroad.command<RemoteState>(["remote", "leave"]);
    expect(left).toMatchObject({ enabled: false, connection: "off", relay: null, tunnel: null, devices: 0 });
    await expect(laptop.knock()).rejects.toMatchObject({ code: "relay-refused" });
    await eventually("the tunnel's end", () => abroad.relay.relay.figures().tunnels.live === 0);
  });
});
