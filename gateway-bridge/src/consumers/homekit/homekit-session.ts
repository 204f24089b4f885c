import {
  GatehouseError,
  randomId,
  SessionId,
  stopped,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PreparedHomeKitSession,
  type PrepareHomeKitSession,
  type PrincipalId,
  type StartHomeKitSession,
} from "@gatehouse/shared";

import type { AudioTrack } from "../../domain/track.ts";
import type { Stream } from "../../media/stream.ts";
import { TalkReceiver, type TalkSink } from "../../media/talk/talk-receiver.ts";
import { opusClockRate } from "../../protocols/opus/opus-packet.ts";
import type { RtcpPacket } from "../../protocols/rtp/rtcp.ts";
import { LiveView } from "./live-view.ts";
import { planSocket } from "./local-address-policy.ts";
import { pathTo, type ViewerPath } from "./payload-policy.ts";
import { SrtpSocket } from "./srtp-socket.ts";
import { chooseStream } from "./stream-choice-policy.ts";
import { judgeViewer, type Interfaces } from "../../domain/viewer-address-policy.ts";

export interface HomeKitSessionOptions {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly body: PrepareHomeKitSession;
  /** Of the tier that suits what is known of the viewer. */
  readonly stream: Stream;
  /** The same in codecs that a controller takes. */
  readonly playable: Playable;
  /** For what the person before the Home app says; undefined where they may not talk. */
  readonly talk: OpenMicrophone | undefined;
  readonly interfaces: Interfaces;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when the session is over by whatever cause. */
  readonly onEnded: (session: HomeKitSession) => void;
}

export type Playable = (stream: Stream, cancel: Cancellable) => Promise<Stream>;

/** A way to a camera's loudspeaker. */
export type OpenMicrophone = (from: AudioTrack) => TalkSink;

/** What a controller sends: Opus, one voice. */
const speech: AudioTrack = { kind: "audio", codec: "opus", clockRate: opusClockRate, channels: 1 };

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
  /** Only where the viewer wants sound, and there is some to send or it may talk. */
  readonly audio: SrtpSocket | undefined;
}

interface Opened {
  /** What the viewer gets if it wants no other tier. */
  readonly stream: Stream;
  readonly path: ViewerPath;
  readonly sockets: Sockets;
  readonly hold: Disposable;
  readonly resources: DisposableStack;
}

/** One HomeKit viewer's session: sockets of its own and keys drawn for it, prepared at first and then live. */
export class HomeKitSession implements Disposable {
  readonly id: SessionId = SessionId.parse(randomId("ses"));
  readonly #options: HomeKitSessionOptions;
  readonly #prepared: Stream;
  readonly #ending = new AbortController();
  readonly #path: ViewerPath;
  readonly #sockets: Sockets;
  /** Keeps the camera connected until the viewer starts. */
  readonly #hold: Disposable;
  readonly #resources: DisposableStack;
  readonly #log: Logger;
  #unstarted: Disposable | undefined;
  #live: LiveView | undefined;
  #over = false;

  private constructor(options: HomeKitSessionOptions, { stream, path, sockets, hold, resources }: Opened) {
    this.#options = options;
    this.#prepared = stream;
    this.#path = path;
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
    const target = targetOf(options);
    using resources = new DisposableStack();
    const stream = await options.playable(options.stream, cancel);
    const hold = resources.use(stream.hold());
    const { audio } = await stream.ready(cancel);
    const sound = audio?.codec === "opus" || options.talk !== undefined;
    const sockets = await openSockets(options, { ...target, sound }, cancel);
    resources.use(sockets.video);
    if (sockets.audio !== undefined) resources.use(sockets.audio);
    return new HomeKitSession(options, { stream, path: target.path, sockets, hold, resources: resources.move() });
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
   * Begins to send, from the prepared stream or the one that suits the viewer. From the prepared one the first packets are out
   * when this returns its promise, if the stream has a picture.
   * @throws GatehouseError `request-invalid` when it was started before, `stream-ended`, or whatever the other stream failed with
   */
  async start(body: StartHomeKitSession, wanted: Stream): Promise<void> {
    if (this.#unstarted === undefined) throw new GatehouseError("request-invalid", "The session was started before.");
    this.#unstarted[Symbol.dispose]();
    this.#unstarted = undefined;
    const { stream: suited, playable } = this.#options;
    const { width } = body.video;
    const choice = chooseStream({ width, wanted: wanted.state.kind, prepared: this.#prepared.state.kind });
    try {
      const isOther = choice === "wanted" && wanted !== suited;
      this.#begin(body, isOther ? await playable(wanted, { signal: this.#ending.signal }) : this.#prepared);
    } catch (error) {
      this.end("it could not be started");
      throw error;
    }
  }

  #begin(body: StartHomeKitSession, stream: Stream): void {
    if (this.#over) return;
    const { clock } = this.#options;
    const { video, audio } = this.#sockets;
    const { width, height, maxBitrateKbps } = body.video;
    this.#log.info("HomeKit session starts", { width, height, maxBitrateKbps, tier: stream.tier });
    const onGone = (why: string): void => this.end(why);
    const again = (cancel: Cancellable): Promise<Stream> => this.#options.playable(stream, cancel);
    const options = { stream, again, video, audio, path: this.#path, body, clock, log: this.#log, onGone };
    const live = LiveView.begin(options);
    if (this.#isOver()) return;
    this.#live = this.#resources.use(live);
    this.#hold[Symbol.dispose]();
    if (body.audio !== null) this.#listen(body.audio);
  }

  /** Lets the person before the Home app speak through the camera. */
  #listen({ payloadType, sampleRate }: NonNullable<StartHomeKitSession["audio"]>): void {
    const { audio } = this.#sockets;
    const microphone = audio === undefined ? undefined : this.#options.talk?.(speech);
    if (audio === undefined || microphone === undefined) return;
    const receiver = new TalkReceiver(payloadType, {
      // Its RTP clock counts the rate that it asked for, not RFC 7587's 48,000.
      write: (data, timestamp) => microphone.write(data, Math.round((timestamp * opusClockRate) / sampleRate)),
      [Symbol.dispose]: () => microphone[Symbol.dispose](),
    });
    this.#resources.use(receiver);
    audio.onRtp = (packet) => receiver.receive(packet);
  }

  /** Stops sending at once. */
  end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#ending.abort(stopped("closed"));
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
  readonly path: ViewerPath;
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
  return { path: pathTo(verdict, interfaces), address: plan.viewer, bind: plan.bind };
};

const openSockets = async (
  { body, log }: HomeKitSessionOptions,
  { sound, path, ...ends }: Target & { readonly sound: boolean },
  cancel: Cancellable,
): Promise<Sockets> => {
  const { videoPort, audioPort, videoSrtp, audioSrtp } = body.viewer;
  using opened = new DisposableStack();
  const target = { ...ends, family: path.family };
  const video = opened.use(
    await SrtpSocket.open({ ...target, port: videoPort, theirs: masterOf(videoSrtp), log }, cancel),
  );
  if (!sound || audioPort === undefined || audioSrtp === undefined) {
    opened.move();
    return { video, audio: undefined };
  }
  // From the very address that the picture comes from: the viewer is told only one.
  const bind = target.bind ?? video.local.address;
  const audio = await SrtpSocket.open({ ...target, bind, port: audioPort, theirs: masterOf(audioSrtp), log }, cancel);
  opened.move();
  return { video, audio };
};
