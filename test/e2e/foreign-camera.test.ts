import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  GatewayClient,
  loadIdentity,
  PreparedHomeKitSession,
  routes,
  Secret,
  silentLogger,
  systemClock,
  type ApplicationCredential,
  type Camera,
  type RouteName,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Simulator } from "../simulator/simulator.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";
import { RtspReader } from "../support/rtsp-reader.ts";
import { WebRtcReceiver } from "../support/webrtc-receiver.ts";

/**
 * Two cameras, each with a stamp of its own in every picture, and two logins, each for one of them. Every way out of the gateway is tried
 * with both on both: what a login is shown must hold its camera's stamp, which shows that the way works and the stamp is seen there, and
 * never the other's.
 */
const granted = ["live", "snapshot", "clip", "talk"] as const;
const never = { signal: new AbortController().signal };
/** Nothing that is refused gets later what it was not given at once. */
const patienceMs = 1_500;

interface Home {
  readonly simulator: Simulator;
  readonly camera: Camera;
  readonly login: ApplicationCredential;
  readonly client: ApplicationClient;
}

let folder: string;
let gateway: GatewayProcess;
const homes: Home[] = [];

const openHome = async (owner: GatewayClient, simulator: Simulator): Promise<Home> => {
  const { onvifUrl: address, username, password } = simulator;
  const body = { address, name: `Camera ${simulator.id}`, username, password, warm: true };
  const camera = await owner.call("addCamera", { body }, never);
  const grants = granted.map((action) => ({ action, camera: camera.id }));
  const login = await owner.call("addApplication", { body: { name: `Friend of ${simulator.id}`, grants } }, never);
  return { simulator, camera, login, client: await ApplicationClient.of(gateway, login) };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-foreign-"));
  const config = { listen: { port: 0 }, rtsp: { port: 0 } };
  const simulators = await Promise.all(["orchard-4f81", "cellar-97d2"].map((id) => Simulator.open({ id })));
  gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config });
  const identity = await loadIdentity(join(gateway.data, "cli.json"));
  if (identity === undefined) throw new Error("the gateway has no owner");
  await using owner = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
  for (const simulator of simulators) homes.push(await openHome(owner, simulator));
}, 60_000);

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  for (const { simulator } of homes) await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** All that a login is given when it asks for a camera, by one way. Waits for the camera's own stamp, or for a while. */
type Way = (asking: Home, asked: Home) => Promise<Buffer>;

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const enough = async (seen: () => Buffer, { simulator }: Home): Promise<void> => {
  const until = performance.now() + patienceMs;
  while (!seen().includes(simulator.id) && performance.now() < until) await pause(20);
};

const get =
  (path: (camera: string) => string): Way =>
  async ({ client }, { camera }) => {
    const { headers, body } = await client.ask({ path: path(camera.id) });
    return Buffer.concat([text(headers), body]);
  };

const listen =
  (path: (camera: string) => string): Way =>
  async ({ client }, asked) => {
    const parts: Buffer[] = [];
    const socket = await client.watch(path(asked.camera.id)).catch(() => undefined);
    socket?.on("message", (data: Buffer) => parts.push(data));
    const moving = setInterval(() => asked.simulator.motion(true), 100);
    await enough(() => Buffer.concat(parts), asked);
    clearInterval(moving);
    socket?.terminate();
    return Buffer.concat(parts);
  };

const webRtc: Way = async ({ client }, asked) => {
  await using receiver = await WebRtcReceiver.open({ loopback: true });
  const path = `/v1/cameras/${asked.camera.id}/whep`;
  const { status, headers, body } = await client.ask({
    ...{ path, method: "POST", type: "application/sdp", body: receiver.offer },
  });
  if (status === 201) await receiver.accept(body.toString());
  const seen = (): Buffer => Buffer.concat(receiver.packets.map(({ payload }) => payload));
  await enough(seen, asked);
  return Buffer.concat([text(headers), body, seen()]);
};

const homeKit: Way = async ({ client }, asked) => {
  using receiver = await HomeKitReceiver.open();
  const post = (path: string, body: unknown) =>
    client.ask({ path, method: "POST", type: "application/json", body: JSON.stringify(body) });
  const { status, body } = await post(`/v1/cameras/${asked.camera.id}/homekit-sessions`, receiver.request);
  if (status !== 200) return body;
  const prepared = PreparedHomeKitSession.parse(JSON.parse(body.toString()));
  receiver.listen(prepared);
  await post(`/v1/homekit-sessions/${prepared.id}/start`, makeStart());
  const seen = (): Buffer => Buffer.concat(receiver.video.units.flatMap(({ nals }) => nals));
  await enough(seen, asked);
  return Buffer.concat([body, seen()]);
};

const openRtsp = async ({ login, client }: Home): Promise<RtspReader> => {
  const port = Number(new URL(login.rtsp[0]!.url.replace("rtsps:", "https:")).port);
  return RtspReader.open({ port, pin: client.pin, login: { ...login, password: Secret.of(login.password) } });
};
const seenBy = (reader: RtspReader): Buffer => Buffer.concat(reader.frames.map(({ payload }) => payload));
const transport = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };

const rtsp: Way = async (asking, asked) => {
  using reader = await openRtsp(asking);
  const described = await reader.ask("DESCRIBE", asked.camera.id);
  await reader.play(asked.camera.id).catch(() => undefined);
  await enough(() => seenBy(reader), asked);
  return Buffer.concat([described.body, seenBy(reader)]);
};

/** Everything that a connection may try once it has logged in and was given its own camera. */
const rtspAfterLogin: Way = async (asking, asked) => {
  using reader = await openRtsp(asking);
  const [own, other] = [asking.camera.id, asked.camera.id];
  const setUp = await reader.ask("SETUP", `${own}/trackID=0`, transport);
  const Session = setUp.headers.get("session")?.split(";")[0] ?? "";
  const second = { ...transport, Transport: "RTP/AVP/TCP;unicast;interleaved=2-3" };
  const bodies: Buffer[] = [];
  for (const [method, path, headers] of [
    ["PLAY", other, { Session }],
    ["SETUP", `${other}/trackID=0`, { ...second, Session }],
    ["SETUP", `${own}/../${other}/trackID=0`, { ...second, Session }],
    ["SETUP", `${own}/trackID=0?camera=${other}`, { ...second, Session }],
    ["DESCRIBE", `${other}/sub`, {}],
    ["PLAY", `${other}/main`, { Session }],
    ["PLAY", own, { Session }],
  ] as const) {
    bodies.push((await reader.ask(method, path, headers)).body);
  }
  await enough(() => seenBy(reader), asked);
  return Buffer.concat([...bodies, seenBy(reader)]);
};

/** The ways that show a camera. */
const ways: Readonly<Record<string, Way>> = {
  snapshot: get((camera) => `/v1/cameras/${camera}/snapshot?fresh=true`),
  "cached snapshot": get((camera) => `/v1/cameras/${camera}/snapshot?width=320`),
  live: listen((camera) => `/v1/cameras/${camera}/live`),
  clip: get((camera) => `/v1/cameras/${camera}/clip?after=1`),
  offerWebRtc: webRtc,
  prepareHomeKitSession: homeKit,
  rtsp,
};
/** Those that tell of cameras by name, and are not asked for one. */
const telling: Readonly<Record<string, Way>> = {
  listCameras: get(() => "/v1/cameras"),
  health: get(() => "/v1/health"),
  events: listen(() => "/v1/events"),
};
/** Routes that no application is let into, and what they would tell. */
const closed: Readonly<Record<string, Way>> = {
  status: get(() => "/v1/status"),
  metrics: get(() => "/metrics"),
  listPrincipals: get(() => "/v1/principals"),
  openApi: get(() => "/v1/openapi.json"),
  listPeople: get(() => "/v1/people"),
  listLogins: get(() => "/v1/logins"),
  me: get(() => "/v1/me"),
  listOwnLogins: get(() => "/v1/me/logins"),
  listAudit: get(() => "/v1/audit"),
  exportAudit: get(() => "/v1/audit/export"),
  trust: get(() => "/v1/trust"),
};
/** Routes that are parts of the ways above, or show nothing of a camera and are asked for by their own tests. */
const silent: readonly RouteName[] = [
  ...(["pair", "addCamera", "discoverCameras", "removeCamera", "offerPairing", "addApplication"] as const),
  ...(["revokePrincipal", "changeGrants", "endWebRtc", "startHomeKitSession", "endHomeKitSession"] as const),
  ...(["trustPem", "trustDer", "trustProfile"] as const),
  ...(["verifyAudit", "listAuditHeads"] as const),
  ...(["doorState", "makeFirstRunCode", "firstRun", "openInvitation", "signInWithPassword"] as const),
  ...(["signOut", "stepUpWithPassword", "setPassword", "proposePassword", "startTotp", "confirmTotp"] as const),
  ...(["makeRecoveryCodes", "endOwnLogin", "addPerson", "removePerson", "inviteAgain", "endLogin"] as const),
];

const pair = (): readonly [Home, Home] => [homes[0]!, homes[1]!];
const traces = ({ simulator, camera, login }: Home): readonly string[] => [simulator.id, camera.id, login.principal];

describe("a login for one camera", () => {
  it("is tried on every route that there is", () => {
    const tried = new Set([...Object.keys(ways), ...Object.keys(telling), ...Object.keys(closed), ...silent]);
    expect(Object.keys(routes).filter((name) => !tried.has(name))).toEqual([]);
  });

  it.each(Object.keys(ways))(
    "is shown that camera and no other by %s",
    async (name) => {
      const way = ways[name]!;
      for (const [own, other] of [pair(), pair().toReversed() as [Home, Home]]) {
        const mine = await way(own, own);
        expect(mine.includes(own.simulator.id)).toBe(true);
        expect(mine.includes(other.simulator.id)).toBe(false);
        const theirs = await way(own, other);
        expect([theirs.includes(own.simulator.id), theirs.includes(other.simulator.id)]).toEqual([false, false]);
      }
    },
    40_000,
  );

  it("is shown its own camera alone on a connection that was let in for that one", async () => {
    const [own, other] = pair();
    const seen = await rtspAfterLogin(own, other);
    expect([seen.includes(own.simulator.id), seen.includes(other.simulator.id)]).toEqual([true, false]);
  });

  it.each(Object.keys(telling))("hears of that camera and no other by %s", async (name) => {
    for (const [own, other] of [pair(), pair().toReversed() as [Home, Home]]) {
      const seen = await telling[name]!(own, other);
      expect(seen.includes(own.camera.id)).toBe(true);
      expect(traces(other).filter((trace) => seen.includes(trace))).toEqual([]);
    }
  });

  it("is told nothing where the owner alone is", async () => {
    const [own, other] = pair();
    for (const way of Object.values(closed)) {
      const seen = await way(own, other);
      expect([...traces(own), ...traces(other)].filter((trace) => seen.includes(trace))).toEqual([]);
    }
  });

  it("can neither end nor start another's session", async () => {
    const [own, other] = pair();
    await using receiver = await WebRtcReceiver.open({ loopback: true });
    const path = `/v1/cameras/${own.camera.id}/whep`;
    const offer = { path, method: "POST", type: "application/sdp", body: receiver.offer };
    const { headers } = await own.client.ask(offer);
    const location = String(headers.location);
    expect((await other.client.ask({ path: location, method: "DELETE" })).status).toBe(403);
    const asHomeKit = location.replace("webrtc-sessions", "homekit-sessions");
    expect((await other.client.ask({ path: asHomeKit, method: "DELETE" })).status).toBe(403);
    expect((await own.client.ask({ path: location, method: "DELETE" })).status).toBe(200);
  });
});
