import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  GatewayClient,
  pair,
  silentLogger,
  systemClock,
  type Camera,
  type PairingOffer,
  type PreparedHomeKitSession,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { Simulator } from "../simulator/simulator.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";
import { socketsOf, type OpenSocket } from "../support/sockets-of.ts";

const never = { signal: new AbortController().signal };

let folder: string;
let simulator: Simulator;
let gateway: GatewayProcess;
let camera: Camera;
let homebridge: GatewayClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-sockets-"));
  [simulator, gateway] = await Promise.all([
    Simulator.open({ audio: "opus" }),
    // No listen address is named: the default is what is looked at.
    GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } }),
  ]);
  const add = ["camera", "add", simulator.onvifUrl, "--user", simulator.username, "--password-stdin"];
  camera = (await gateway.command(add, simulator.password)) as Camera;
  const { pairingString } = (await gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
  const identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
  homebridge = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0.5 });
}, 60_000);
afterAll(async () => {
  await homebridge[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const listening = async (): Promise<readonly OpenSocket[]> =>
  (await socketsOf(gateway.pid)).filter(({ state }) => state === "listening");
const udp = async (): Promise<readonly OpenSocket[]> =>
  (await socketsOf(gateway.pid)).filter(({ protocol }) => protocol === "udp");
/** The kernel tells of all sockets of the box in pieces, between which rows move: one may be left out of a look, or come twice. */
const areAll = async (
  look: () => Promise<readonly OpenSocket[]>,
  expected: readonly OpenSocket[],
  withinMs = 25_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  let seen = await look();
  while (!isDeepStrictEqual(seen, expected) && performance.now() < deadline) {
    await pause(50);
    seen = await look();
  }
  expect(seen).toEqual(expected);
};
const doorPort = (): number => Number(gateway.address.split(":").at(-1));

const door = (): OpenSocket => ({ protocol: "tcp", state: "listening", address: "127.0.0.1", port: doorPort() });

const watch = async (receiver: HomeKitReceiver): Promise<PreparedHomeKitSession> => {
  const prepared = await homebridge.call(
    "prepareHomeKitSession",
    { params: { camera: camera.id }, body: receiver.request },
    never,
  );
  receiver.listen(prepared);
  return prepared;
};

const describeOnLinux = process.platform === "linux" ? describe : describe.skip;

describeOnLinux("the sockets of a running gateway", () => {
  it("listens at one port of loopback and nowhere else, with a camera and a plugin behind it", async () => {
    await areAll(listening, [door()]);
    await areAll(udp, []);
  });

  it("has a UDP socket for each track of a HomeKit session, connected to its viewer, for as long as it lasts", async () => {
    using receiver = await HomeKitReceiver.open({ audio: true });
    const { id, address, video, audio } = await watch(receiver);
    const during = async () => [...(await udp())].sort(byPort);
    const expected = [video.port, audio?.port ?? 0]
      .map((port): OpenSocket => ({ protocol: "udp", state: "connected", address, port }))
      .sort(byPort);
    await areAll(during, expected);

    await homebridge.call("startHomeKitSession", { params: { session: id }, body: makeStart() }, never);
    await receiver.video.nextUnits(10);
    await areAll(during, expected);
    await areAll(listening, [door()]);

    await homebridge.call("endHomeKitSession", { params: { session: id } }, never);
    await areAll(udp, []);
    await areAll(listening, [door()]);
  });
});

const byPort = (a: { readonly port: number }, b: { readonly port: number }): number => a.port - b.port;
