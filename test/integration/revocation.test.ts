import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  GatewayClient,
  loadIdentity,
  PreparedHomeKitSession,
  Secret,
  silentLogger,
  systemClock,
  type ApplicationCredential,
  type Camera,
  type Grant,
} from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Config } from "../../gateway-bridge/src/config/schema.ts";
import { Gateway } from "../../gateway-bridge/src/gateway.ts";
import { Simulator } from "../simulator/simulator.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";
import { RtspReader, type RtspReaderOptions } from "../support/rtsp-reader.ts";
import { SetClock } from "../support/set-clock.ts";
import { WebRtcReceiver } from "../support/webrtc-receiver.ts";

/**
 * One login watches a camera by every way out at once, and another beside it. Then the first loses its right, in each way in which
 * rights end: what it gets after that is looked at, and the other must go on.
 */
const never = { signal: new AbortController().signal };
const longestMs = 1_000;
const actions = ["live", "clip", "events"] as const;
const hourMs = 3_600_000;

/** What came to a viewer: when the last of it did, and how much. */
class Arrivals {
  count = 0;
  lastAt = 0;
  readonly note = (): void => {
    this.count += 1;
    this.lastAt = performance.now();
  };
}

interface Home {
  readonly clock: SetClock;
  readonly simulator: Simulator;
  readonly gateway: { readonly address: string; readonly data: string };
  readonly owner: GatewayClient;
  readonly camera: Camera;
  readonly plainPort: number;
}

interface Viewer {
  readonly login: ApplicationCredential;
  readonly client: ApplicationClient;
}

const openHome = async (stack: AsyncDisposableStack): Promise<Home> => {
  const data = stack.adopt(await mkdtemp(join(tmpdir(), "gatehouse-revocation-")), (folder) =>
    rm(folder, { recursive: true }),
  );
  const clock = new SetClock();
  const plainPort = await freePort();
  const simulator = stack.use(await Simulator.open());
  const config = Config.parse({ listen: { port: 0 }, rtsp: { port: 0, plainPort }, advertise: false });
  const parts = { searchPath: process.env["PATH"] ?? "", log: silentLogger, random: () => 0.5 };
  const gateway = stack.use(
    await Gateway.open({ data, config, clock, ...parts, interfaces: networkInterfaces }, never),
  );
  const identity = await loadIdentity(join(data, "cli.json"));
  if (identity === undefined) throw new Error("the gateway has no owner");
  const owner = stack.use(new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 }));
  const { onvifUrl: address, username, password } = simulator;
  const body = { address, name: "Front door", username, password, warm: true };
  const camera = await owner.call("addCamera", { body }, never);
  return { clock, simulator, gateway: { address: gateway.address, data }, owner, camera, plainPort };
};

const grantsOf = ({ camera }: Home, limits: Partial<Grant> = {}): Grant[] =>
  actions.map((action) => ({ action, camera: camera.id, ...limits }));

/** A login that holds these grants. */
const admit = async (home: Home, limits: Partial<Grant>): Promise<Viewer> => {
  const first = { action: "live", camera: home.camera.id } as const;
  const login = await home.owner.call("addApplication", { body: { name: "Viewer", grants: [first] } }, never);
  const params = { principal: login.principal };
  await home.owner.call("changeGrants", { params, body: grantsOf(home, limits) }, never);
  return { login, client: await ApplicationClient.of(home.gateway as never, login) };
};

type Output = (home: Home, viewer: Viewer, stack: AsyncDisposableStack) => Promise<Arrivals>;

const webSocket =
  (path: (camera: string) => string): Output =>
  async ({ camera }, { client }, stack) => {
    const arrivals = new Arrivals();
    const socket = await client.watch(path(camera.id));
    stack.defer(() => socket.terminate());
    socket.on("message", (data: Buffer, binary) => {
      if (binary || data.includes('"motion","')) arrivals.note();
    });
    return arrivals;
  };

const clip: Output = async ({ camera }, { client }, stack) => {
  const arrivals = new Arrivals();
  const response = await client.begin({ path: `/v1/cameras/${camera.id}/clip?after=120` });
  stack.defer(() => void response.destroy());
  expect(response.statusCode).toBe(200);
  response.on("error", () => undefined);
  response.on("data", arrivals.note);
  return arrivals;
};

const webRtc: Output = async ({ camera }, { client }, stack) => {
  const arrivals = new Arrivals();
  const receiver = stack.use(await WebRtcReceiver.open({ loopback: true }));
  receiver.onPacket = arrivals.note;
  const path = `/v1/cameras/${camera.id}/whep`;
  const { body } = await client.ask({ path, method: "POST", type: "application/sdp", body: receiver.offer });
  await receiver.accept(body.toString());
  return arrivals;
};

const homeKit: Output = async ({ camera }, { client }, stack) => {
  const arrivals = new Arrivals();
  const receiver = stack.use(await HomeKitReceiver.open());
  const post = async (path: string, body: unknown): Promise<Buffer> =>
    (await client.ask({ path, method: "POST", type: "application/json", body: JSON.stringify(body) })).body;
  const answer = await post(`/v1/cameras/${camera.id}/homekit-sessions`, receiver.request);
  const prepared = PreparedHomeKitSession.parse(JSON.parse(answer.toString()));
  receiver.listen(prepared);
  receiver.socket.on("message", arrivals.note);
  await post(`/v1/homekit-sessions/${prepared.id}/start`, makeStart());
  return arrivals;
};

const openReader = async (way: RtspReaderOptions, { login }: Viewer, stack: AsyncDisposableStack) =>
  stack.use(await RtspReader.open({ ...way, login: { ...login, password: Secret.of(login.password) } }));

const rtspTcp =
  (way: (home: Home, viewer: Viewer) => RtspReaderOptions): Output =>
  async (home, viewer, stack) => {
    const arrivals = new Arrivals();
    const reader = await openReader(way(home, viewer), viewer, stack);
    await reader.play(home.camera.id);
    reader.socket.on("data", arrivals.note);
    return arrivals;
  };

const bindUdp = async (stack: AsyncDisposableStack): Promise<Socket> => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  stack.defer(() => void socket.close());
  return socket;
};

const rtspUdp: Output = async (home, viewer, stack) => {
  const arrivals = new Arrivals();
  const socket = await bindUdp(stack);
  const { port } = socket.address();
  const reader = await openReader({ port: home.plainPort }, viewer, stack);
  await reader.play(home.camera.id, `RTP/AVP;unicast;client_port=${port}-${port + 1}`);
  socket.on("message", arrivals.note);
  return arrivals;
};

const outputs: Readonly<Record<string, Output>> = {
  "HomeKit's SRTP": homeKit,
  WebRTC: webRtc,
  "RTSP over TCP": rtspTcp(({ plainPort }) => ({ port: plainPort })),
  "RTSP over UDP": rtspUdp,
  "RTSP over TLS": rtspTcp((_, { login, client }) => ({
    port: Number(new URL(login.rtsp[0]!.url.replace("rtsps:", "https:")).port),
    pin: client.pin,
  })),
  "live fMP4": webSocket((camera) => `/v1/cameras/${camera}/live`),
  "a clip": clip,
  events: webSocket(() => "/v1/events"),
};

/** Until an hour from now, by the box's clock. */
const scheduleUntil = (now: number): Grant["schedule"] => {
  const hour = (at: number): string => new Date(at).toISOString().slice(11, 16);
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  return { zone: "UTC", windows: [{ days: [...days], from: hour(now - hourMs), to: hour(now + hourMs) }] };
};

interface Cause {
  readonly limits?: (now: number) => Partial<Grant>;
  readonly happen: (home: Home, viewer: Viewer) => unknown;
  /** As the audit log has it. */
  readonly why: string;
}

const causes: Readonly<Record<string, Cause>> = {
  "is revoked": {
    happen: ({ owner }, { login: { principal } }) => owner.call("revokePrincipal", { params: { principal } }, never),
    why: "revoked",
  },
  "has its grants taken": {
    happen: ({ owner }, { login: { principal } }) =>
      owner.call("changeGrants", { params: { principal }, body: [] }, never),
    why: "not-granted",
  },
  "comes to the end of its schedule": {
    limits: (now) => ({ schedule: scheduleUntil(now) }),
    happen: ({ clock }) => clock.jump(hourMs + 60_000),
    why: "not-now",
  },
  "comes to the end of its grants": {
    limits: (now) => ({ until: now + hourMs }),
    happen: ({ clock }) => clock.jump(hourMs),
    why: "ended",
  },
};

describe.each(Object.entries(causes))("a login that %s", (_name, { limits, happen, why }) => {
  const stack = new AsyncDisposableStack();
  let home: Home;
  let lastAt: Readonly<Record<string, Arrivals>> = {};
  const control = { before: 0, after: 0 };
  let endedAt = 0;

  beforeAll(async () => {
    home = await openHome(stack);
    const motion = { active: false };
    const moving = setInterval(() => home.simulator.motion((motion.active = !motion.active)), 50);
    stack.defer(() => clearInterval(moving));
    const [subject, other] = [await admit(home, limits?.(home.clock.now()) ?? {}), await admit(home, {})];
    const opened: Record<string, Arrivals> = {};
    for (const [name, output] of Object.entries(outputs)) opened[name] = await output(home, subject, stack);
    const beside = await outputs["live fMP4"]!(home, other, stack);
    lastAt = opened;
    for (const [name, arrivals] of Object.entries(opened)) {
      await eventually(`something by ${name}`, () => arrivals.count >= 5, 20_000);
    }
    await happen(home, subject);
    endedAt = performance.now();
    control.before = beside.count;
    await pause(2.5 * longestMs);
    control.after = beside.count;
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  it.each(Object.keys(outputs))(
    "gets nothing more by %s a second later",
    (name) => {
      const { lastAt: at, count } = lastAt[name]!;
      expect(count).toBeGreaterThanOrEqual(5);
      expect(at - endedAt).toBeLessThan(longestMs);
    },
    90_000,
  );

  it("leaves another login's view of the same camera going on", () => {
    expect(control.after - control.before).toBeGreaterThan(20);
  });

  it("is written down for each way of looking", async () => {
    const rows = await home.owner.call("listAudit", { query: { limit: 200 } }, never);
    const details = rows.filter(({ action }) => action === "viewEnded").map(({ detail }) => detail);
    expect(new Set(details)).toEqual(new Set([`live: ${why}`, `clip: ${why}`, `events: ${why}`]));
  });
});
