import {
  connectPinned,
  loadIdentity,
  type ApplicationCredential,
  type Camera,
  type GatewayHealth,
  type PreparedHomeKitSession,
  type StreamHealth,
} from "@gatehouse/shared";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import type { WebSocket } from "ws";

import { FrameSplitter } from "../bench/outputs/rtsp/frame-splitter.ts";
import { RtspPlayer } from "../bench/rtsp-player.ts";
import { findBox, readBoxes } from "../../gateway-bridge/src/protocols/fmp4/testing/read-boxes.ts";
import { SimulatorProcess } from "../simulator/simulator-process.ts";
import type { SimulatorOptions } from "../simulator/simulator.ts";
import { AccessUnitAssembler, parseRtp, type RtpPacket } from "./access-unit.ts";
import { ApplicationClient, type Answer } from "./application-client.ts";
import { descriptorsOf } from "./descriptors-of.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { HomeKitReceiver, makeStart } from "./homekit-receiver.ts";
import { PictureWatch, unwrapper } from "./picture-watch.ts";
import type { Probed } from "./process-probe.ts";
import { readProbe } from "./read-probe.ts";
import { WebRtcReceiver } from "./webrtc-receiver.ts";

/** A viewer that can be closed as viewers are: with a word. */
export type Watching = PictureWatch & AsyncDisposable;

/** One viewer on each way out. */
export interface Watchers {
  readonly rtsp: Watching;
  readonly webrtc: Watching & { readonly receiver: WebRtcReceiver; readonly udpPort: number };
  readonly live: Watching & { readonly messages: readonly { readonly kind: string; readonly mime?: string }[] };
  readonly homekit: Watching & {
    readonly receiver: HomeKitReceiver;
    readonly udpPort: number;
    /** Reports nothing any more. */
    readonly silence: () => void;
  };
}

const reportEveryMs = 1_000;
const extend = <T extends object>(watch: PictureWatch, more: T): PictureWatch & T => Object.assign(watch, more);

/** Hands on the pictures among a track's packets; one that was sent again comes after its time, and is left out. */
const pictureReader = (watch: PictureWatch): ((packet: RtpPacket) => void) => {
  const assembler = new AccessUnitAssembler();
  const unwrap = unwrapper();
  let highest: number | undefined;
  return (packet) => {
    if (highest !== undefined && (packet.sequence - highest) << 16 <= 0) return;
    highest = packet.sequence;
    const unit = assembler.add(packet, 0);
    if (unit !== undefined) watch.add(unit.nals, unwrap(unit.timestamp));
  };
};

/** NAL units with their lengths before them. ISO/IEC 14496-15 5.3.3.1 */
const nalsOf = (sample: Buffer): Buffer[] => {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length;) {
    const length = sample.readUInt32BE(at);
    nals.push(sample.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return nals;
};

/** A real gateway with cameras in processes of their own, and one login for every way out of it. */
export class WatchedHouse implements AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly simulators: SimulatorProcess[];
  readonly cameras: readonly Camera[];
  readonly login: ApplicationCredential;
  readonly client: ApplicationClient;
  readonly #folder: string;

  private constructor(
    folder: string,
    parts: Pick<WatchedHouse, "gateway" | "simulators" | "cameras" | "login" | "client">,
  ) {
    this.#folder = folder;
    this.gateway = parts.gateway;
    this.simulators = parts.simulators;
    this.cameras = parts.cameras;
    this.login = parts.login;
    this.client = parts.client;
  }

  /** @param probe whether the gateway tells what memory it holds */
  static async open(
    of: readonly SimulatorOptions[],
    { probe = false, ...media }: { readonly probe?: boolean } & Readonly<Record<string, unknown>> = {},
  ): Promise<WatchedHouse> {
    await using opening = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-watched-"));
    const config = { listen: { port: 0 }, rtsp: { port: 0 }, media: { lingerSeconds: 1, ...media } };
    const data = join(folder, "gateway");
    const gateway = opening.use(await GatewayProcess.start({ data, config, ...(probe && { probe: probeIn(folder) }) }));
    const simulators: SimulatorProcess[] = [];
    const cameras: Camera[] = [];
    for (const options of of) {
      const simulator = opening.use(await SimulatorProcess.start({ password: "correct horse", ...options }));
      const { onvifUrl, username } = simulator.facts;
      const add = ["camera", "add", onvifUrl, "--user", username, "--password-stdin", "--warm"];
      simulators.push(simulator);
      cameras.push((await gateway.command(add, "correct horse")) as Camera);
    }
    const permissions = [...cameras.flatMap(({ id }) => ["--camera", id]), "--clips", "--metrics"];
    const login = (await gateway.command(["app", "add", "Viewers", ...permissions])) as ApplicationCredential;
    const client = await ApplicationClient.of(gateway, login);
    opening.move();
    return new WatchedHouse(folder, { gateway, simulators, cameras, login, client });
  }

  /** Its own stream and what is made of it. */
  async health(camera: number): Promise<readonly StreamHealth[]> {
    const { body } = await this.client.ask({ path: "/v1/health" });
    const { cameras } = JSON.parse(body.toString()) as GatewayHealth;
    return cameras.find((one) => one.camera === this.#id(camera))?.streams ?? [];
  }

  /** Units that viewers of the camera missed because they were slow. */
  async dropped(camera: number): Promise<number> {
    return (await this.health(camera)).reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** What the gateway's process holds after garbage collection; only where it was opened with a probe. */
  async probe(): Promise<Probed> {
    return readProbe(probeIn(this.#folder));
  }

  /** Of the gateway's process, in bytes. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.gateway.pid}/status`, "latin1");
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024;
  }

  /** Open files, pipes and sockets of the gateway's process, but for its connections to cameras, which it opens anew when it will. */
  descriptors(): Promise<readonly string[]> {
    return descriptorsOf(this.gateway.pid, this.#cameraPorts);
  }

  /** How many connections to its cameras the gateway has. */
  async cameraConnections(): Promise<number> {
    return (await descriptorsOf(this.gateway.pid)).length - (await this.descriptors()).length;
  }

  /** A connection to the gateway's RTSPS port. */
  async connectRtsp(): Promise<TLSSocket> {
    const identity = await loadIdentity(join(this.gateway.data, "cli.json"));
    const { hostname: host, port } = new URL(this.login.rtsp[0]?.url ?? "");
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === identity?.gatewayPin;
    const failing = { mismatch: "gateway-impostor", unreachable: "gateway-unreachable" } as const;
    return connectPinned({ host, port: Number(port), accepts, ...failing }, { signal: new AbortController().signal });
  }

  /** A reader that was granted to play, and has not read what is played. */
  async playRtsp(camera: number): Promise<RtspPlayer> {
    const main = this.login.rtsp.find((one) => one.camera === this.#id(camera) && one.tier === "main");
    const { username, password } = this.login;
    return RtspPlayer.play({ rtspUrl: main?.url ?? "", username, password, socket: await this.connectRtsp() });
  }

  async watchAll(camera: number): Promise<Watchers> {
    const [rtsp, webrtc, live, homekit] = await Promise.all([
      this.watchRtsp(camera),
      this.watchWebRtc(camera),
      this.watchLive(camera),
      this.watchHomeKit(camera),
    ]);
    return { rtsp, webrtc, live, homekit };
  }

  async watchRtsp(camera: number): Promise<Watchers["rtsp"]> {
    const player = await this.playRtsp(camera);
    const watch = new PictureWatch();
    const read = pictureReader(watch);
    const splitter = new FrameSplitter((channel, packet) => {
      if (channel === 0) read(parseRtp(packet));
    });
    const timer = setInterval(() => player.keepAlive(), 10 * reportEveryMs);
    player.socket.on("data", (chunk: Buffer) => splitter.push(chunk)).resume();
    player.socket.on("close", () => (watch.ended = "closed"));
    const close = async (): Promise<void> => {
      clearInterval(timer);
      player[Symbol.dispose]();
    };
    return extend(watch, { [Symbol.asyncDispose]: close });
  }

  async watchWebRtc(camera: number): Promise<Watchers["webrtc"]> {
    const receiver = await WebRtcReceiver.open({ loopback: true });
    const answer = await this.offer(camera, receiver.offer);
    const sdp = answer.body.toString();
    if (answer.status !== 201) throw new Error(`the gateway answered ${answer.status}: ${sdp}`);
    const watch = new PictureWatch();
    const read = pictureReader(watch);
    const ssrc = Number(/a=ssrc:(\d+)/.exec(sdp.slice(sdp.indexOf("m=video")))?.[1]);
    receiver.onPacket = (packet) => {
      if (packet.ssrc === ssrc && packet.payload.length > 0) read(packet);
    };
    await receiver.accept(sdp);
    const report = Buffer.from("80c9000100000001", "hex");
    const timer = setInterval(() => void receiver.report(report).catch(() => undefined), reportEveryMs);
    const close = async (): Promise<void> => {
      clearInterval(timer);
      await this.client.ask({ path: String(answer.headers.location), method: "DELETE" });
      await receiver[Symbol.asyncDispose]();
    };
    // RFC 8839 5.1: foundation, component, transport, priority, address, port.
    const udpPort = Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/m.exec(receiver.offer)?.[1]);
    return extend(watch, { receiver, udpPort, [Symbol.asyncDispose]: close });
  }

  async watchLive(camera: number): Promise<Watchers["live"]> {
    return watchFragments(await this.client.watch(`/v1/cameras/${this.#id(camera)}/live?tier=main`));
  }

  async watchHomeKit(camera: number): Promise<Watchers["homekit"]> {
    const receiver = await HomeKitReceiver.open({ audio: true });
    const path = `/v1/cameras/${this.#id(camera)}/homekit-sessions`;
    const prepared = (await this.#post(path, { ...receiver.request, width: 1_920 })) as PreparedHomeKitSession;
    receiver.listen(prepared);
    const watch = new PictureWatch();
    const unwrap = unwrapper();
    const take = (): void => {
      for (const { nals, timestamp } of receiver.video.units.splice(0)) watch.add(nals, unwrap(timestamp));
    };
    const size = { width: 1_920, height: 1_080, maxBitrateKbps: 20_000 };
    await this.#post(`/v1/homekit-sessions/${prepared.id}/start`, makeStart(size, {}));
    await receiver.send(receiver.report());
    const timer = setInterval(take, 20);
    const reports = setInterval(() => void receiver.send(receiver.report()), reportEveryMs);
    const close = async (): Promise<void> => {
      for (const each of [timer, reports]) clearInterval(each);
      await this.client.ask({ path: `/v1/homekit-sessions/${prepared.id}`, method: "DELETE" });
      receiver[Symbol.dispose]();
    };
    const silence = (): void => clearInterval(reports);
    const udpPort = receiver.socket.address().port;
    return extend(watch, { receiver, udpPort, silence, [Symbol.asyncDispose]: close });
  }

  /** WHEP. */
  offer(camera: number, sdp: string): Promise<Answer> {
    const path = `/v1/cameras/${this.#id(camera)}/whep?tier=main`;
    return this.client.ask({ path, method: "POST", type: "application/sdp", body: sdp });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Promise.all(this.simulators.map((simulator) => simulator[Symbol.asyncDispose]()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #cameraPorts(): readonly number[] {
    return this.simulators.flatMap(({ facts }) => [facts.onvifUrl, facts.rtspUrl].map((url) => portOf(url)));
  }

  #id(camera: number): string {
    const id = this.cameras[camera]?.id;
    if (id === undefined) throw new RangeError(`there is no camera ${camera}`);
    return id;
  }

  async #post(path: string, body: object): Promise<unknown> {
    const answer = await this.client.ask({
      path,
      method: "POST",
      type: "application/json",
      body: JSON.stringify(body),
    });
    const text = answer.body.toString();
    if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}

const portOf = (url: string): number => Number(new URL(url).port);
const probeIn = (folder: string): string => join(folder, "probe.sock");

/** The pictures of a live view over a WebSocket. */
export const watchFragments = (socket: WebSocket): Watchers["live"] => {
  const watch = new PictureWatch();
  const messages: { kind: string; mime?: string }[] = [];
  socket.on("message", (data: Buffer, binary) => {
    if (!binary) messages.push(JSON.parse(data.toString()) as { kind: string });
    else if (readBoxes(data).some(({ type }) => type === "moof")) readFragment(watch, data);
  });
  socket.on("close", (code: number, reason: Buffer) => (watch.ended = `${code} ${reason.toString()}`));
  const close = async (): Promise<void> => socket.terminate();
  return extend(watch, { messages, [Symbol.asyncDispose]: close });
};

/** A fragment is one picture, or some sound. */
const readFragment = (watch: PictureWatch, bytes: Buffer): void => {
  if (findBox(bytes, "moof", "traf", "tfhd").content.readUInt32BE(4) !== 1) return;
  const { content } = findBox(bytes, "moof", "traf", "tfdt");
  watch.add(nalsOf(findBox(bytes, "mdat").content), Number(content.readBigUInt64BE(4)));
};
