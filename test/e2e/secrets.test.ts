import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import {
  GatewayClient,
  loadIdentity,
  pair,
  parsePairingString,
  Secret,
  silentLogger,
  systemClock,
  type ApplicationCredential,
  type AuditRow,
  type Camera,
  type Identity,
  type PairingOffer,
  type Principal,
  type Status,
} from "@gatehouse/shared";
import { hash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { eventually } from "../support/eventually.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";
import { RtspReader } from "../support/rtsp-reader.ts";
import { WebRtcReceiver } from "../support/webrtc-receiver.ts";

// Commands are processes of their own.
jest.setTimeout(120_000);

const password = "kiln-9f2b-Quarry";
const wrongPassword = "fjord-41aa-Lantern";
const never = { signal: new AbortController().signal };

let folder: string;
let gateway: GatewayProcess;
let simulator: Simulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-secrets-"));
  [gateway, simulator] = await Promise.all([
    GatewayProcess.start({
      data: join(folder, "gateway"),
      config: { listen: { port: 0 }, rtsp: { port: 0 } },
      logLevel: "trace",
    }),
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

/** What an application does with its login, by every way that takes one; some of it with the wrong password. Answers its secrets. */
const useLogin = async (login: ApplicationCredential, { camera, realm }: { camera: Camera; realm: string }) => {
  const client = await ApplicationClient.of(gateway, login);
  const wrong = await ApplicationClient.of(gateway, { ...login, password: wrongPassword });
  const [right, refused] = await Promise.all([client.ask({ path: "/v1/health" }), wrong.ask({ path: "/v1/health" })]);
  expect([right.status, refused.status]).toEqual([200, 401]);
  const port = Number(new URL(login.rtsp[0]!.url.replace("rtsps:", "https:")).port);
  using reader = await RtspReader.open({
    port,
    pin: client.pin,
    login: { ...login, password: Secret.of(login.password) },
  });
  const { session } = await reader.play(camera.id);
  await eventually("pictures over RTSPS", () => reader.frames.length > 3);
  for (const { authorization } of [client, wrong]) {
    using plain = await RtspReader.open({ port, pin: client.pin });
    await plain.request("DESCRIBE", camera.id, { Authorization: authorization });
  }
  await using viewer = await WebRtcReceiver.open({ loopback: true });
  const path = `/v1/cameras/${camera.id}/whep`;
  const answer = await client.ask({ path, method: "POST", type: "application/sdp", body: viewer.offer });
  await viewer.accept(answer.body.toString());
  await eventually("pictures by WebRTC", () => viewer.packets.length > 3);
  const ha1 = (["md5", "sha256"] as const).map((algorithm) =>
    hash(algorithm, `${login.username}:${realm}:${login.password}`, "buffer"),
  );
  const icePasswords = [viewer.offer, answer.body.toString()].flatMap((sdp) =>
    [...sdp.matchAll(/^a=ice-pwd:(\S+)/gm)].map(([, password = ""]) => password),
  );
  expect(icePasswords.length).toBeGreaterThan(1);
  const logins = [client, wrong].map(({ authorization }) => authorization.replace("Basic ", ""));
  return [...spellings([Buffer.from(login.password), ...ha1]), ...logins, ...icePasswords, session];
};

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
  // It answers for as long as the gateway runs: nobody waits for it to leave.
  await receiver.send(receiver.report());
  const reports = setInterval(() => void receiver.send(receiver.report()).catch(() => undefined), 1_000).unref();
  await eventually("live pictures", () => receiver.video.units.length >= 3);

  const { gateway: self } = (await gateway.command(["status"])) as Status;
  const allow = ["app", "add", "Player", "--camera", camera.id];
  const application = (await gateway.command(allow)) as ApplicationCredential;
  const used = await useLogin(application, { camera, realm: `Gatehouse ${self.id}` });

  const seen = {
    failed,
    again,
    camera,
    cameras: await plugin.call("listCameras", {}, never),
    status: await gateway.command(["status"]),
    clients: (await gateway.command(["client", "list"])) as Principal[],
    audit: (await gateway.command(["audit"])) as AuditRow[],
  };

  const asked = performance.now();
  await gateway.command(["status"]);
  const started = performance.now();
  await gateway.kill("SIGTERM");
  const stopped = performance.now();
  clearInterval(reports);
  // On a box with so much else to do that nothing is quick, it is a matter of proportion.
  expect(stopped - started).toBeLessThan(Math.max(5_000, 5 * (started - asked)));

  const files = (await readdir(gateway.data)).filter((name) => /^gatehouse\.db/.test(name));
  const database = await Promise.all(files.map((name) => readFile(join(gateway.data, name), "latin1")));
  const owner = await loadIdentity(join(gateway.data, "cli.json"));
  const media = [request.viewer.videoSrtp, prepared.video.srtp].flatMap(({ key, salt }) => [key, salt]);
  const hidden = [
    ...spellings([Buffer.from(password), Buffer.from(wrongPassword), parsePairingString(pairingString).secret]),
    ...spellings(media.map((text) => Buffer.from(text, "base64"))),
    ...[identity, owner].flatMap((each) => keyLines(each?.privateKey ?? "")),
    pairingString,
    ...used,
  ];
  expect(hidden.length).toBeGreaterThan(45);

  const log = gateway.log;
  // The log was written in full, so that what is not in it was left out on purpose.
  for (const trace of ["addCamera", "prepareHomeKitSession", "HomeKit session starts", "addApplication"])
    expect(log).toContain(trace);
  for (const trace of ["offerWebRtc", "WebRTC session starts", "RTSP session ends"]) expect(log).toContain(trace);
  expect(seen.audit.map(({ action }) => action)).toEqual(
    expect.arrayContaining([
      "addCamera",
      "pair",
      "prepareHomeKitSession",
      "addApplication",
      "rtspSession",
      "offerWebRtc",
    ]),
  );
  const told = [log, JSON.stringify(seen), ...database].join("\n");
  expect(hidden.filter((secret) => told.includes(secret))).toEqual([]);
});
