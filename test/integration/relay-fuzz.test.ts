import { encodeFrame, FromGateway, frameLimits, isGatehouseError, readFrame, silentLogger } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from "node:net";
import { duplexPair, PassThrough, type Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { takeDataConnection } from "../../gateway-bridge/src/relay/server/data-hellos.ts";
import { Enrolments } from "../../gateway-bridge/src/relay/server/enrolments.ts";
import { Knocks } from "../../gateway-bridge/src/relay/server/knocks.ts";
import type { Arrival } from "../../gateway-bridge/src/relay/server/listener.ts";
import { collectGarbage } from "../support/collect-garbage.ts";
import { eventually } from "../support/eventually.ts";
import { mutate, seeded } from "../support/fuzz.ts";
import { knock, makeDeviceKey } from "../support/relay-device.ts";
import { dialTls } from "../support/relay-dial.ts";
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

const device = makeDeviceKey();
const gateway = makeGatewayKey();
const hello = encodeFrame({ v: 1, gateway: gateway.id, way: "own" });
const proof = encodeFrame({ key: device.spki.toString("base64"), signature: "A".repeat(86) });
const dictionary = [
  '{"v":1',
  '"gateway":"',
  '"way":"shared"',
  '"key":"',
  '"signature":"',
  "\0\0",
  "\u0004\0",
  "}",
  "[[[[",
  '\\u0000"',
  "1e999",
];

/** Sends bytes, cut anywhere, to whoever reads the other end. */
const send = (bytes: Buffer, at: number): Duplex => {
  const [near, far] = duplexPair();
  near.on("error", () => undefined);
  far.on("error", () => undefined).resume();
  far.write(bytes.subarray(0, at));
  far.end(bytes.subarray(at));
  return near;
};

const arrivalOf = (socket: Duplex, pin?: string): Arrival => ({
  socket: socket as unknown as TLSSocket,
  protocol: "gatehouse-device/1",
  address: "192.0.2.1",
  block: "192.0.2.1",
  pin,
});

/** Feeds mutations one after the other, and expects each to cost little, and all of them to leave nothing. */
const feed = async (
  inputs: number,
  corpus: readonly Buffer[],
  take: (bytes: Buffer, at: number) => Promise<unknown>,
) => {
  const random = seeded(7);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const used = process.cpuUsage();
  for (let index = 0; index < inputs; index += 1) {
    const bytes = mutate(corpus[index % corpus.length]!, { corpus, dictionary }, random);
    await take(bytes, Math.floor(random() * (bytes.length + 1)));
  }
  const { user, system } = process.cpuUsage(used);
  // A busy machine does not matter to it: CPU time, of all of them.
  expect((user + system) / 1_000 / inputs).toBeLessThan(5);
  // What was aborted or closed is let go of a few turns later.
  await eventually("nothing is left of them in memory", () => {
    collectGarbage();
    return process.memoryUsage().heapUsed - before < 16 << 20;
  });
};

describe("whatever a stranger sends", () => {
  it("as a device opens no channel, and leaves nothing behind", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open());
    let opened = 0;
    const tunnel = { admission: { salt: "A".repeat(22) }, admits: () => true };
    const knocks = new Knocks({
      name: home.name,
      keys: home.keys,
      clock,
      draining: () => false,
      onProven: () => undefined,
      tunnels: { find: async () => tunnel } as never,
      channels: { open: async () => void (opened += 1) } as never,
    });
    const corpus = [Buffer.concat([hello, proof]), hello, Buffer.concat([hello, hello]), Buffer.concat([proof, hello])];
    const inputs = 20_000;
    await feed(inputs, corpus, (bytes, at) => knocks.receive(arrivalOf(send(bytes, at))));
    const { cut, refused } = knocks.outcomes;
    // Both ways out were taken, and no other.
    expect([opened, cut + refused, clock.pending]).toEqual([0, inputs, 0]);
    expect(Math.min(cut, refused)).toBeGreaterThan(100);
  });

  it("as a gateway enrols nobody, and joins no tunnel", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    home.gateways.invite({ ttlMs: 60_000 });
    const enrolled = home.enrolledKey();
    const parts = { name: home.name, gateways: home.gateways, clock, log: silentLogger, draining: () => false };
    const enrolments = new Enrolments(parts);
    const enrol = encodeFrame({ v: 1, secret: "A".repeat(22), gateway: gateway.id });
    await feed(3_000, [enrol], (bytes, at) => enrolments.receive(arrivalOf(send(bytes, at), gateway.pin)));
    let offered = 0;
    const tunnel = { gateway: enrolled.id, admission: {}, data: { offer: () => void (offered += 1) } };
    const tunnels = { named: (name: string) => (name === "T".repeat(43) ? tunnel : undefined) } as never;
    const known = home.gateways.byPin(enrolled.pin)!;
    const dataHello = encodeFrame({ v: 1, tunnel: "A".repeat(43) });
    await feed(3_000, [dataHello], (bytes, at) =>
      takeDataConnection(arrivalOf(send(bytes, at)), known, { tunnels, clock }),
    );
    expect([home.gateways.list().length, offered, clock.pending]).toEqual([1, 0, 0]);
    await takeDataConnection(arrivalOf(send(encodeFrame({ v: 1, tunnel: "T".repeat(43) }), 2)), known, {
      tunnels,
      clock,
    });
    expect(offered).toBe(1);
  });

  it("on a tunnel's control stream is a message or an error of ours", async () => {
    const corpus = [
      encodeFrame({ kind: "admit", epoch: 1, salt: "A".repeat(22), devices: [device.thumbprint, gateway.pin] }),
      encodeFrame({ kind: "key", pin: gateway.pin, only: true }),
    ];
    const cancel = { signal: new AbortController().signal, limit: frameLimits.tunnel };
    await feed(5_000, corpus, async (bytes, at) => {
      const stream = new PassThrough();
      stream.write(bytes.subarray(0, at));
      stream.end(bytes.subarray(at));
      try {
        FromGateway.parse(await readFrame(stream, FromGateway, cancel));
      } catch (error) {
        expect(isGatehouseError(error)).toBe(true);
      }
    });
  });

  it("as first bytes keeps nobody else out", async () => {
    const home = use(await RelayHome.open());
    const corpus = [
      await clientHello(),
      Buffer.from("GET / HTTP/1.1\r\nHost: relay\r\n\r\n"),
      Buffer.from("SSH-2.0-x\r\n"),
    ];
    const random = seeded(3);
    const sockets: Socket[] = [];
    for (let index = 0; index < 300; index += 1) {
      const socket = connectTcp({ port: home.port, host: "127.0.0.1", localAddress: `127.0.1.${1 + (index % 100)}` });
      sockets.push(socket.on("error", () => undefined).resume());
      socket.write(mutate(corpus[index % corpus.length]!, { corpus }, random));
      if (index % 3 === 0) socket.end();
      if (index % 16 === 0) await once(socket, "connect");
    }
    const key = home.enrolledKey();
    const honest = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    await honest.admit([device.thumbprint]);
    const knocked = await knock({ port: home.port, pin: home.pin, gateway: key.id, device });
    expect(knocked.verdict).toEqual({ open: true });
    for (const socket of sockets) socket.destroy();
    await eventually(
      "nothing is left of them",
      () => home.relay.figures().waiting + home.relay.figures().handshakes === 0,
    );
  });
});

/** What a TLS client of today sends first. */
const clientHello = async (): Promise<Buffer> => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const dialled = dialTls({ port, protocol: "gatehouse-device/1" }).catch(() => undefined);
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  server.close();
  await dialled;
  return bytes;
};
