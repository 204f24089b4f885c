import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import {
  GatewayClient,
  loadIdentity,
  pair,
  parsePairingString,
  silentLogger,
  systemClock,
  type AuditRow,
  type Camera,
  type Identity,
  type PairingOffer,
  type Principal,
} from "@gatehouse/shared";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { eventually } from "../support/eventually.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";

// Commands are processes of their own.
jest.setTimeout(60_000);

const password = "kiln-9f2b-Quarry";
const wrongPassword = "fjord-41aa-Lantern";
const never = { signal: new AbortController().signal };

let folder: string;
let gateway: GatewayProcess;
let simulator: Simulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-secrets-"));
  [gateway, simulator] = await Promise.all([
    GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } }, logLevel: "trace" }),
    Simulator.open({ password }),
  ]);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const clientOf = (identity: Identity): GatewayClient =>
  new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });

/** Every secret under each spelling in which it could leak. */
const spellings = (secrets: readonly Buffer[]): readonly string[] =>
  secrets.flatMap((secret) => [
    secret.toString("latin1"),
    secret.toString("hex"),
    secret.toString("base64").replace(/=+$/, ""),
    secret.toString("base64url"),
  ]);

const keyLines = (pem: string): readonly string[] => pem.split("\n").filter((line) => /^[\w+/=]{40,}$/.test(line));

it("tells no secret in its log, its answers, its audit log or its database, and stops at once with viewers", async () => {
  const add = ["camera", "add", simulator.onvifUrl, "--user", "viewer", "--password-stdin", "--json"];
  const failed = await gatehouse(gateway.data, add, wrongPassword);
  expect(failed.code).toBe(1);
  const camera = (await gateway.command(add.slice(0, -1), password)) as Camera;

  const { pairingString } = (await gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
  const pairing = { pairingString, kind: "homebridge", clock: systemClock } as const;
  const identity = await pair(pairing, never);
  const again = await pair(pairing, never).catch(String);
  await using plugin = clientOf(identity);
  using receiver = await HomeKitReceiver.open();
  const { request } = receiver;
  const prepared = await plugin.call("prepareHomeKitSession", { params: { camera: camera.id }, body: request }, never);
  receiver.listen(prepared);
  await plugin.call("startHomeKitSession", { params: { session: prepared.id }, body: makeStart() }, never);
  await eventually("live pictures", () => receiver.video.units.length >= 3);

  const seen = {
    failed,
    again,
    camera,
    cameras: await plugin.call("listCameras", {}, never),
    status: await gateway.command(["status"]),
    clients: (await gateway.command(["client", "list"])) as Principal[],
    audit: (await gateway.command(["audit"])) as AuditRow[],
  };

  const started = performance.now();
  await gateway.kill("SIGTERM");
  expect(performance.now() - started).toBeLessThan(5_000);

  const files = (await readdir(gateway.data)).filter((name) => /^gatehouse\.db/.test(name));
  const database = await Promise.all(files.map((name) => readFile(join(gateway.data, name), "latin1")));
  const owner = await loadIdentity(join(gateway.data, "cli.json"));
  const media = [request.viewer.videoSrtp, prepared.video.srtp].flatMap(({ key, salt }) => [key, salt]);
  const hidden = [
    ...spellings([Buffer.from(password), Buffer.from(wrongPassword), parsePairingString(pairingString).secret]),
    ...spellings(media.map((text) => Buffer.from(text, "base64"))),
    ...[identity, owner].flatMap((each) => keyLines(each?.privateKey ?? "")),
    pairingString,
  ];
  expect(hidden.length).toBeGreaterThan(30);

  const log = gateway.log;
  // The log was written in full, so that what is not in it was left out on purpose.
  for (const trace of ["addCamera", "prepareHomeKitSession", "HomeKit session starts"]) expect(log).toContain(trace);
  expect(seen.audit.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["addCamera", "pair", "prepareHomeKitSession"]),
  );
  const told = [log, JSON.stringify(seen), ...database].join("\n");
  expect(hidden.filter((secret) => told.includes(secret))).toEqual([]);
});
