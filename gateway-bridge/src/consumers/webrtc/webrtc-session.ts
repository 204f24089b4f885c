import {
  GatehouseError,
  randomId,
  SessionId,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PrincipalId,
} from "@gatehouse/shared";

import type { AcceptedCodecs } from "../../domain/track.ts";
import type { Stream } from "../../media/stream.ts";
import { TalkReceiver } from "../../media/talk/talk-receiver.ts";
import { isOnLoopback, isViewerAddress, usableCandidates, type OfferOrigin } from "./candidate-policy.ts";
import type { Offer } from "./offer.ts";
import type { PeerConnection, PeerEvents, PeerOptions, PeerTrackPlan, WebRtcEngine } from "./peer-connection.ts";
import { planSession, type SessionPlan } from "./session-plan.ts";
import { answerText } from "./session-text.ts";
import type { OpenTalk } from "./talk.ts";
import { drawCname, WebRtcView, type WebRtcViewOptions } from "./webrtc-view.ts";

export interface WebRtcSessionOptions {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly offer: Offer;
  /** In a form that the viewer can play. */
  readonly stream: Stream;
  /** The camera's stream of the same tier in some of these codecs. */
  readonly playable: (accepts: AcceptedCodecs, cancel: Cancellable) => Promise<Stream>;
  /** Undefined where the principal may not talk. */
  readonly openTalk: OpenTalk | undefined;
  readonly engine: WebRtcEngine;
  readonly origin: OfferOrigin;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when the session is over by whatever cause. */
  readonly onEnded: (session: WebRtcSession) => void;
}

/** Browsers connect within a second, or not at all. */
const connectMs = 15_000;
const gatherMs = 5_000;

/** What an engine reports goes to the session, which is there only when the engine has answered. */
interface Ears {
  heard: PeerEvents;
}

const deaf: PeerEvents = { onState: () => undefined, onRtcp: () => undefined, onRtp: () => undefined };

interface Opened {
  readonly plan: SessionPlan;
  readonly peer: PeerConnection;
  readonly hold: Disposable;
  readonly resources: DisposableStack;
}

/** One viewer's WebRTC session: answered at first, live once it is connected, and then until either side ends it. */
export class WebRtcSession implements Disposable {
  readonly id: SessionId = SessionId.parse(randomId("ses"));
  /** What the viewer must be told. */
  readonly answer: string;
  readonly #options: WebRtcSessionOptions;
  readonly #plan: SessionPlan;
  readonly #peer: PeerConnection;
  /** Keeps the camera connected until the viewer is. */
  readonly #hold: Disposable;
  readonly #cname = drawCname();
  readonly #resources: DisposableStack;
  readonly #log: Logger;
  #unconnected: Disposable | undefined;
  #view: WebRtcView | undefined;
  #talk: TalkReceiver | undefined;
  #over = false;

  private constructor(options: WebRtcSessionOptions, { plan, peer, hold, resources }: Opened) {
    const { principal, camera, offer, engine, clock, log } = options;
    this.#options = options;
    this.#plan = plan;
    this.#peer = peer;
    this.#hold = hold;
    this.#resources = resources;
    this.#log = log.child({ session: this.id, principal, camera, engine: engine.name });
    const tracks = tracksOf(plan).map((track) => ({ ...track, ssrc: peer.track(track.kind)?.ssrc ?? 0 }));
    this.answer = answerText({ offer, tracks, local: peer.local, cname: this.#cname });
    this.#unconnected = clock.schedule(connectMs, () => this.end("it was never connected"));
  }

  /**
   * Waits until the camera's picture is there and answers the offer.
   * @throws GatehouseError `codec-unsupported`, or whatever the camera failed with
   */
  static async open(options: WebRtcSessionOptions, cancel: Cancellable): Promise<WebRtcSession> {
    const { stream, offer, openTalk, engine, clock } = options;
    using resources = new DisposableStack();
    const hold = resources.use(stream.hold());
    const plan = planSession(offer, await stream.ready(cancel), openTalk !== undefined);
    const ears: Ears = { heard: deaf };
    const deadline = { clock, ms: gatherMs, what: "this box's own network addresses", signal: cancel.signal };
    const peer = await withDeadline(deadline, (within) => engine.answer(peerOptions(options, plan, ears), within));
    resources.use(peer);
    const session = new WebRtcSession(options, { plan, peer, hold, resources: resources.move() });
    ears.heard = session.#ears();
    return session;
  }

  get principal(): PrincipalId {
    return this.#options.principal;
  }

  get camera(): CameraId {
    return this.#options.camera;
  }

  get live(): boolean {
    return this.#view !== undefined;
  }

  /** Stops sending at once. */
  end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#unconnected?.[Symbol.dispose]();
    this.#log.info("WebRTC session ends", { why, ...this.#view?.counts });
    this.#resources.dispose();
    this.#options.onEnded(this);
  }

  [Symbol.dispose](): void {
    this.end("the gateway closed it");
  }

  #ears(): PeerEvents {
    return {
      onState: (state) => {
        if (state === "connected") this.#connected();
        else this.end("the viewer left");
      },
      onRtcp: (compound) => this.#view?.heard(compound),
      onRtp: (packet) => this.#talk?.receive(packet),
    };
  }

  #connected(): void {
    if (this.#over || this.#view !== undefined) return;
    const { stream, origin, clock } = this.#options;
    const { remoteAddress } = this.#peer;
    if (remoteAddress === undefined || !isViewerAddress(remoteAddress, origin)) {
      this.end(`no video is sent to ${remoteAddress ?? "an unknown address"}, which is not in the home`);
      return;
    }
    this.#unconnected?.[Symbol.dispose]();
    this.#log.info("WebRTC session starts", { viewer: remoteAddress, tier: stream.tier });
    try {
      const log = this.#log;
      const onGone = (why: string): void => this.end(why);
      this.#openTalk();
      const again = (cancel: Cancellable): Promise<Stream> => this.#again(cancel);
      const view = WebRtcView.begin({ ...this.#viewed(), stream, again, cname: this.#cname, clock, log, onGone });
      if (this.#isOver()) view[Symbol.dispose]();
      else this.#view = this.#resources.use(view);
      this.#hold[Symbol.dispose]();
    } catch (error) {
      this.end(`it could not be started: ${String(error)}`);
    }
  }

  #viewed(): Pick<WebRtcViewOptions, "video" | "audio"> {
    const { video, videoCodec, audio, heard } = this.#plan;
    const [picture, sound] = [this.#peer.track("video"), this.#peer.track("audio")];
    if (picture === undefined) throw new GatehouseError("internal", "The connection has no track for the picture.");
    return {
      video: { track: picture, codec: videoCodec, clockRate: video.format.clockRate },
      audio: sound && audio && heard && { track: sound, codec: heard, clockRate: audio.format.clockRate },
    };
  }

  /** What was agreed on, whatever else was offered. */
  #again(cancel: Cancellable): Promise<Stream> {
    const { videoCodec, heard } = this.#plan;
    return this.#options.playable({ video: [videoCodec], audio: heard === undefined ? [] : [heard] }, cancel);
  }

  #openTalk(): void {
    const { principal, camera, openTalk } = this.#options;
    const { audio, said } = this.#plan;
    if (openTalk === undefined || audio === undefined || said === undefined) return;
    const sink = openTalk({ principal, camera, from: said });
    this.#talk = this.#resources.use(new TalkReceiver(audio.format.payloadType, sink));
  }

  /** A function, because sending can end the session within one call. */
  #isOver(): boolean {
    return this.#over;
  }
}

const tracksOf = ({ video, audio }: SessionPlan): readonly PeerTrackPlan[] =>
  audio === undefined ? [video] : [video, audio];

const peerOptions = ({ offer, origin }: WebRtcSessionOptions, plan: SessionPlan, ears: Ears): PeerOptions => {
  const candidates = usableCandidates(offer.candidates, origin);
  const order = offer.media.map(({ mid }) => mid);
  return {
    remote: offer.transport,
    candidates,
    tracks: tracksOf(plan).toSorted((a, b) => order.indexOf(a.mid) - order.indexOf(b.mid)),
    loopback: isOnLoopback(candidates),
    events: {
      onState: (state) => ears.heard.onState(state),
      onRtcp: (compound) => ears.heard.onRtcp(compound),
      onRtp: (packet) => ears.heard.onRtp(packet),
    },
  };
};
