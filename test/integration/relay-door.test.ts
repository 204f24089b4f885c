import { encodeFrame, relayProtocols } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect } from "node:tls";

import { eventually } from "../support/eventually.ts";
import { knock, makeDeviceKey } from "../support/relay-device.ts";
import { dialTls, readToEnd, type RelayDialOptions } from "../support/relay-dial.ts";
import { makeGatewayKey, RelayHome } from "../support/relay-home.ts";
import { ScriptedGateway } from "../support/scripted-gateway.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
const use = <T extends AsyncDisposable>(resource: T): T => {
  open.push(resource);
  return resource;
};

const hello = { v: 1, gateway: "gr-aaaaaaaaaaaaaaaa", way: "shared" };

describe("strangers at the relay", () => {
  it.each<[string, Omit<RelayDialOptions, "port">]>([
    ["another protocol", { protocol: "h2" }],
    ["TLS 1.2", { protocol: relayProtocols.device, maxVersion: "TLSv1.2" }],
  ])("get no connection with %s", async (_what, over) => {
    const home = use(await RelayHome.open());
    await expect(dialTls({ port: home.port, ...over })).rejects.toThrow();
  });

  it.each<[string, Omit<RelayDialOptions, "port">]>([
    ["without a protocol", {}],
    ["as a tunnel without a key", { protocol: relayProtocols.tunnel }],
    ["as a tunnel with a key that was never enrolled", { protocol: relayProtocols.tunnel, key: makeGatewayKey() }],
    [
      "as a data connection with a key that was never enrolled",
      { protocol: relayProtocols.data, key: makeGatewayKey() },
    ],
  ])("hear not a byte %s", async (_what, over) => {
    const home = use(await RelayHome.open());
    const socket = await dialTls({ port: home.port, pin: home.pin, ...over });
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    expect(await readToEnd(socket)).toHaveLength(0);
    expect(home.relay.figures()).toMatchObject({ channels: 0, tunnels: { live: 0, coming: 0 } });
  });

  it.each<[string, Buffer]>([
    ["a frame that is too long", Buffer.concat([Buffer.of(0x04, 0x01), Buffer.alloc(1_025, 0x20)])],
    ["a frame of nothing", Buffer.of(0, 0)],
    ["no JSON", Buffer.concat([Buffer.of(0, 4), Buffer.from("{{{{")])],
    ["another frame", encodeFrame({ v: 1, secret: "x" })],
    ["a hello with more in it", encodeFrame({ ...hello, more: true })],
    ["a hello of another version", encodeFrame({ ...hello, v: 2 })],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ])("are cut off without a word for %s", async (_what, bytes) => {
    const home = use(await RelayHome.open());
    const socket = await dialTls({ port: home.port, protocol: relayProtocols.device });
    socket.write(bytes);
    expect(await readToEnd(socket)).toHaveLength(0);
    expect(home.relay.figures()).toMatchObject({ knocks: { cut: 1 }, strangers: 0 });
  });

  it("hold up nobody with half a frame", async () => {
    const home = use(await RelayHome.open());
    const halves = await Promise.all(
      [Buffer.of(0), Buffer.of(0, 90, 0x7b)].map(async (bytes) => {
        const socket = await dialTls({ port: home.port, protocol: relayProtocols.device });
        socket.write(bytes);
        return socket;
      }),
    );
    await eventually("both are heard", () => home.relay.figures().strangers === 2);
    const key = home.enrolledKey();
    const gateway = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    const device = makeDeviceKey();
    await gateway.admit([device.thumbprint]);
    expect((await knock({ port: home.port, pin: home.pin, gateway: key.id, device })).verdict).toEqual({ open: true });
    for (const socket of halves) socket.destroy();
  });

  it("have ten seconds for their proof, in all", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    const socket = await dialTls({ port: home.port, protocol: relayProtocols.device });
    await eventually("the relay listens to it", () => home.relay.figures().strangers === 1);
    await clock.advance(9_000);
    socket.write(encodeFrame(hello));
    await once(socket, "readable");
    expect(socket.read()).not.toBeNull();
    await clock.advance(999);
    expect(home.relay.figures().knocks.cut).toBe(0);
    await clock.advance(1);
    expect(await readToEnd(socket)).toHaveLength(0);
    expect(home.relay.figures().knocks.cut).toBe(1);
  });

  it("resume no session: each shows its key anew", async () => {
    const home = use(await RelayHome.open());
    const sessions: Buffer[] = [];
    const options = {
      port: home.port,
      host: "127.0.0.1",
      ALPNProtocols: [relayProtocols.device],
      ...Object.fromEntries([["rejectUnauthorized", false]]),
    };
    const first = connect(options).on("session", (session) => sessions.push(session));
    await once(first, "secureConnect");
    first.write(Buffer.of(0, 0));
    await readToEnd(first);
    for (const session of sessions) {
      const second = connect({ ...options, session });
      await once(second, "secureConnect");
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
  });

  it("make room for others when they are too many of one address, the longest waiting first", async () => {
    const home = use(await RelayHome.open({ limits: { strangersPerBlock: 2 } }));
    const dial = () => dialTls({ port: home.port, protocol: relayProtocols.device });
    const first = await dial();
    await eventually("it is heard", () => home.relay.figures().strangers === 1);
    const others = [await dial(), await dial()];
    await eventually("the first is closed", () => first.closed || (first.resume(), first.readableEnded));
    expect(home.relay.figures()).toMatchObject({ strangers: 2, turnedAway: { crowded: 1 } });
    for (const socket of others) socket.destroy();
  });
});

describe("many at once", () => {
  it("are all served, a few at a time", async () => {
    const home = use(await RelayHome.open({ limits: { handshakes: 3, handshakesPerBlock: 2 } }));
    const device = makeDeviceKey();
    const keys = Array.from({ length: 60 }, () => home.enrolledKey());
    const gateways = await Promise.all(
      keys.map(async (key, index) => {
        const localAddress = `127.0.0.${2 + (index % 20)}`;
        return use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key, localAddress }));
      }),
    );
    await Promise.all(gateways.map((gateway) => gateway.admit([device.thumbprint])));
    expect(home.relay.figures()).toMatchObject({ tunnels: { live: 60 }, waiting: 0, turnedAway: { full: 0 } });
  });

  it("that say nothing hold up nobody of another address", async () => {
    const home = use(await RelayHome.open({ limits: { handshakes: 4, handshakesPerBlock: 2 } }));
    const mute = Array.from({ length: 20 }, () =>
      connectTcp({ port: home.port, host: "127.0.0.1", localAddress: "127.0.0.9" }),
    );
    await eventually("they wait", () => home.relay.figures().waiting === 18);
    const key = home.enrolledKey();
    const gateway = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    const device = makeDeviceKey();
    await gateway.admit([device.thumbprint]);
    const knocked = await knock({ port: home.port, pin: home.pin, gateway: key.id, device });
    expect(knocked.verdict).toEqual({ open: true });
    for (const socket of mute) socket.destroy();
  });

  it("beyond what may wait are turned away, and nothing is kept of them", async () => {
    const home = use(await RelayHome.open({ limits: { handshakes: 1, waitingPerBlock: 2 } }));
    const sockets = Array.from({ length: 6 }, () =>
      connectTcp({ port: home.port, host: "127.0.0.1" }).on("error", () => undefined),
    );
    await eventually("three are turned away", () => home.relay.figures().turnedAway.full === 3);
    expect(home.relay.figures()).toMatchObject({ handshakes: 1, waiting: 2 });
    for (const socket of sockets) socket.destroy();
    await eventually(
      "the others are forgotten",
      () => home.relay.figures().waiting + home.relay.figures().handshakes === 0,
    );
  });
});
