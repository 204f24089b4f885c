import {
  GatewayClient,
  loadIdentity,
  PreparedHomeKitSession,
  Secret,
  silentLogger,
  systemClock,
  type ApplicationCredential,
  type Camera,
} from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { Config } from "../../gateway-bridge/src/config/schema.ts";
import { Gateway } from "../../gateway-bridge/src/gateway.ts";
import { Simulator } from "../simulator/simulator.ts";
import type { Asker, AskedGateway } from "./asker.ts";
import { freePort } from "./free-port.ts";
import { HomeKitReceiver, makeStart } from "./homekit-receiver.ts";
import { OwnTime } from "./own-time.ts";
import { RtspReader, type RtspReaderOptions } from "./rtsp-reader.ts";
import { SetClock } from "./set-clock.ts";
import { WebRtcReceiver } from "./webrtc-receiver.ts";

const never = { signal: new AbortController().signal };

/** What came to a viewer: when the last of it did by the home's own time, and how much. */
export class Arrivals {
  count = 0;
  lastAt = 0;
  readonly #time: OwnTime;

  constructor({ time }: Pick<ClockedHome, "time">) {
    this.#time = time;
  }

  readonly note = (): void => {
    this.count += 1;
    this.lastAt = this.#time.now();
  };
}

/** A gateway in this process, whose clock is in the test's hands, with a camera that is watched. */
export interface ClockedHome {
  readonly clock: SetClock;
  /** The camera, the gateway, its relay and all who watch are in this process: what each is late by is judged by this. */
  readonly time: OwnTime;
  readonly simulator: Simulator;
  readonly gateway: AskedGateway;
  readonly owner: GatewayClient;
  readonly camera: Camera;
  readonly plainPort: number;
}

/** Somebody who may look, with a browser or otherwise. */
export interface Viewer {
  readonly client: Asker;
}

/** Somebody who can watch by RTSP, too. */
export interface ApplicationViewer extends Viewer {
  readonly login: ApplicationCredential;
}

export const openClockedHome = async (stack: AsyncDisposableStack): Promise<ClockedHome> => {
  const data = stack.adopt(await mkdtemp(join(tmpdir(), "gatehouse-clocked-home-")), (folder) =>
    rm(folder, { recursive: true }),
  );
  const clock = new SetClock();
  const time = stack.use(new OwnTime());
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
  return { clock, time, simulator, gateway: { address: gateway.address, data }, owner, camera, plainPort };
};

/** Has a viewer watch by one way, until the stack is disposed of; tells what comes. */
export type Output<V = Viewer> = (home: ClockedHome, viewer: V, stack: AsyncDisposableStack) => Promise<Arrivals>;

const webSocket =
  (path: (camera: string) => string): Output =>
  async (home, { client }, stack) => {
    const arrivals = new Arrivals(home);
    const socket = await client.watch(path(home.camera.id));
    stack.defer(() => socket.terminate());
    socket.on("message", (data: Buffer, binary) => {
      if (binary || data.includes('"motion","')) arrivals.note();
    });
    return arrivals;
  };

const clip: Output = async (home, { client }, stack) => {
  const arrivals = new Arrivals(home);
  const response = await client.begin({ path: `/v1/cameras/${home.camera.id}/clip?after=120` });
  stack.defer(() => void response.destroy());
  if (response.statusCode !== 200) throw new Error(`the clip was answered ${response.statusCode ?? 0}`);
  response.on("error", () => undefined);
  response.on("data", arrivals.note);
  return arrivals;
};

const webRtc: Output = async (home, { client }, stack) => {
  const arrivals = new Arrivals(home);
  const receiver = stack.use(await WebRtcReceiver.open({ loopback: true }));
  receiver.onPacket = arrivals.note;
  const path = `/v1/cameras/${home.camera.id}/whep`;
  const { body } = await client.ask({ path, method: "POST", type: "application/sdp", body: receiver.offer });
  await receiver.accept(body.toString());
  return arrivals;
};

const homeKit: Output = async (home, { client }, stack) => {
  const arrivals = new Arrivals(home);
  const receiver = stack.use(await HomeKitReceiver.open());
  const post = async (path: string, body: unknown): Promise<Buffer> =>
    (await client.ask({ path, method: "POST", type: "application/json", body: JSON.stringify(body) })).body;
  const answer = await post(`/v1/cameras/${home.camera.id}/homekit-sessions`, receiver.request);
  const prepared = PreparedHomeKitSession.parse(JSON.parse(answer.toString()));
  receiver.listen(prepared);
  receiver.socket.on("message", arrivals.note);
  await post(`/v1/homekit-sessions/${prepared.id}/start`, makeStart());
  return arrivals;
};

const openReader = async (way: RtspReaderOptions, { login }: ApplicationViewer, stack: AsyncDisposableStack) =>
  stack.use(await RtspReader.open({ ...way, login: { ...login, password: Secret.of(login.password) } }));

const rtspTcp =
  (way: (home: ClockedHome, viewer: ApplicationViewer) => RtspReaderOptions): Output<ApplicationViewer> =>
  async (home, viewer, stack) => {
    const arrivals = new Arrivals(home);
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

const rtspUdp: Output<ApplicationViewer> = async (home, viewer, stack) => {
  const arrivals = new Arrivals(home);
  const socket = await bindUdp(stack);
  const { port } = socket.address();
  const reader = await openReader({ port: home.plainPort }, viewer, stack);
  await reader.play(home.camera.id, `RTP/AVP;unicast;client_port=${port}-${port + 1}`);
  socket.on("message", arrivals.note);
  return arrivals;
};

/** What a browser can watch by. */
export const browserOutputs: Readonly<Record<string, Output>> = {
  WebRTC: webRtc,
  "live fMP4": webSocket((camera) => `/v1/cameras/${camera}/live`),
  "a clip": clip,
  events: webSocket(() => "/v1/events"),
};

/** Every way out. */
export const outputs: Readonly<Record<string, Output<ApplicationViewer>>> = {
  ...browserOutputs,
  "HomeKit's SRTP": homeKit,
  "RTSP over TCP": rtspTcp(({ plainPort }) => ({ port: plainPort })),
  "RTSP over UDP": rtspUdp,
  "RTSP over TLS": rtspTcp((_, { login, client }) => ({
    port: Number(new URL(login.rtsp[0]!.url.replace("rtsps:", "https:")).port),
    pin: client.pin,
  })),
};
