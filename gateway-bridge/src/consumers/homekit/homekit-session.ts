import {
  GatehouseError,
  randomId,
  SessionId,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PreparedHomeKitSession,
  type PrepareHomeKitSession,
  type PrincipalId,
  type StartHomeKitSession,
} from "@gatehouse/shared";

import type { Stream } from "../../media/stream.ts";
import type { RtcpPacket } from "../../protocols/rtp/rtcp.ts";
import { LiveView } from "./live-view.ts";
import { planSocket } from "./local-address-policy.ts";
import { SrtpSocket } from "./srtp-socket.ts";
import { chooseStream } from "./stream-choice-policy.ts";
import { judgeViewer, type Family, type Interfaces } from "../../domain/viewer-address-policy.ts";

export interface HomeKitSessionOptions {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly body: PrepareHomeKitSession;
  readonly stream: Stream;
  readonly interfaces: Interfaces;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when the session is over by whatever cause. */
  readonly onEnded: (session: HomeKitSession) => void;
}

/** A controller starts within a second of its preparations, or it gave up. */
const unstartedMs = 30_000;

const masterOf = ({ key, salt }: { readonly key: string; readonly salt: string }) => ({
  key: Buffer.from(key, "base64"),
  salt: Buffer.from(salt, "base64"),
});

const textOf = ({ key, salt }: { readonly key: Buffer; readonly salt: Buffer }) => ({
  key: key.toString("base64"),
  salt: salt.toString("base64"),
});

interface Sockets {
  readonly video: SrtpSocket;
  /** Only where camera and viewer both have Opus. */
  readonly audio: SrtpSocket | undefined;
}

interface Opened {
  readonly family: Family;
  readonly sockets: Sockets;
  readonly hold: Disposable;
  readonly resources: DisposableStack;
}

/** One HomeKit viewer's session: sockets of its own and keys drawn for it, prepared at first and then live. */
export class HomeKitSession implements Disposable {
  readonly id: SessionId = SessionId.parse(randomId("ses"));
  readonly #options: HomeKitSessionOptions;
  readonly #family: Family;
  readonly #sockets: Sockets;
  /** Keeps the camera connected until the viewer starts. */
  readonly #hold: Disposable;
  readonly #resources: DisposableStack;
  readonly #log: Logger;
  #unstarted: Disposable | undefined;
  #live: LiveView | undefined;
  #over = false;

  private constructor(options: HomeKitSessionOptions, { family, sockets, hold, resources }: Opened) {
    this.#options = options;
    this.#family = family;
    this.#sockets = sockets;
    this.#hold = hold;
    this.#resources = resources;
    const { principal, camera, clock, log } = options;
    this.#log = log.child({ session: this.id, principal, camera });
    for (const socket of [sockets.video, sockets.audio]) {
      if (socket !== undefined) socket.onRtcp = (packets) => this.#heard(packets);
    }
    this.#unstarted = clock.schedule(unstartedMs, () => this.end("never started"));
  }

  /**
   * Waits until the camera's picture is there and opens the sockets.
   * @throws GatehouseError `viewer-address-refused`, or whatever the camera failed with
   */
  static async prepare(options: HomeKitSessionOptions, cancel: Cancellable): Promise<HomeKitSession> {
    const { stream } = options;
    const target = targetOf(options);
    using resources = new DisposableStack();
    const hold = resources.use(stream.hold());
    const { audio } = await stream.ready(cancel);
    const sockets = await openSockets(options, { ...target, opus: audio?.codec === "opus" }, cancel);
    resources.use(sockets.video);
    if (sockets.audio !== undefined) resources.use(sockets.audio);
    return new HomeKitSession(options, { family: target.family, sockets, hold, resources: resources.move() });
  }

  get principal(): PrincipalId {
    return this.#options.principal;
  }

  get camera(): CameraId {
    return this.#options.camera;
  }

  get live(): boolean {
    return this.#live !== undefined;
  }

  /** What the controller must be told. */
  get prepared(): PreparedHomeKitSession {
    const { video, audio } = this.#sockets;
    const track = (socket: SrtpSocket) => ({
      port: socket.local.port,
      ssrc: socket.ssrc,
      srtp: textOf(socket.master),
    });
    return {
      id: this.id,
      address: video.local.address,
      video: track(video),
      audio: audio === undefined ? null : track(audio),
    };
  }

  /**
   * Begins to send, from the prepared stream or the one that suits the viewer. The first packets are out when it
   * returns, if the stream has a picture.
   * @throws GatehouseError `request-invalid` when it was started before, `stream-ended`
   */
  start(body: StartHomeKitSession, wanted: Stream): void {
    if (this.#unstarted === undefined) throw new GatehouseError("request-invalid", "The session was started before.");
    this.#unstarted[Symbol.dispose]();
    this.#unstarted = undefined;
    const { clock } = this.#options;
    const { video, audio } = this.#sockets;
    const { width, height, maxBitrateKbps } = body.video;
    const prepared = this.#options.stream;
    const choice = chooseStream({ width, wanted: wanted.state.kind, prepared: prepared.state.kind });
    const stream = choice === "wanted" ? wanted : prepared;
    this.#log.info("HomeKit session starts", { width, height, maxBitrateKbps, tier: stream.tier });
    const onGone = (why: string): void => this.end(why);
    try {
      const options = { stream, video, audio, family: this.#family, body, clock, log: this.#log, onGone };
      const live = LiveView.begin(options);
      if (this.#isOver()) return;
      this.#live = this.#resources.use(live);
      this.#hold[Symbol.dispose]();
    } catch (error) {
      this.end("it could not be started");
      throw error;
    }
  }

  /** Stops sending at once. */
  end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#unstarted?.[Symbol.dispose]();
    const { packets, octets } = this.#live?.sent ?? { packets: 0, octets: 0 };
    this.#log.info("HomeKit session ends", { why, packets, octets, dropped: this.#live?.dropped ?? 0 });
    this.#resources.dispose();
    this.#options.onEnded(this);
  }

  [Symbol.dispose](): void {
    this.end("the gateway closed it");
  }

  /** A function, because sending can end the session within one call. */
  #isOver(): boolean {
    return this.#over;
  }

  #heard(packets: readonly RtcpPacket[]): void {
    this.#live?.heard();
    if (packets.some((packet) => packet.kind === "bye")) this.end("the viewer said goodbye");
  }
}

interface Target {
  readonly family: Family;
  readonly address: string;
  readonly bind: string | undefined;
}

const targetOf = ({ body, interfaces }: HomeKitSessionOptions): Target => {
  const { viewer, localAddress } = body;
  const verdict = judgeViewer({ viewer: viewer.address, localAddress, interfaces });
  if (verdict.kind === "refused") {
    throw new GatehouseError("viewer-address-refused", `No video is sent to ${viewer.address}: it is ${verdict.why}.`);
  }
  const plan = planSocket({ viewer: verdict, localAddress, interfaces });
  if (plan.kind === "no-interface") {
    const message = `No video is sent to ${viewer.address}: nothing tells on which network that link-local address is.`;
    throw new GatehouseError("viewer-address-refused", message);
  }
  return { family: verdict.family, address: plan.viewer, bind: plan.bind };
};

const openSockets = async (
  { body, log }: HomeKitSessionOptions,
  { opus, ...target }: Target & { readonly opus: boolean },
  cancel: Cancellable,
): Promise<Sockets> => {
  const { videoPort, audioPort, videoSrtp, audioSrtp } = body.viewer;
  using opened = new DisposableStack();
  const video = opened.use(
    await SrtpSocket.open({ ...target, port: videoPort, theirs: masterOf(videoSrtp), log }, cancel),
  );
  if (!opus || audioPort === undefined || audioSrtp === undefined) {
    opened.move();
    return { video, audio: undefined };
  }
  // From the very address that the picture comes from: the viewer is told only one.
  const bind = target.bind ?? video.local.address;
  const audio = await SrtpSocket.open({ ...target, bind, port: audioPort, theirs: masterOf(audioSrtp), log }, cancel);
  opened.move();
  return { video, audio };
};
