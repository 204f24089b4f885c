import {
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type SessionId,
  type TierName,
} from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import { assertRoom, type RoomLimits } from "../../domain/room-policy.ts";
import { ownerOf, type SessionFilter, type SessionOwner } from "../../domain/session-filter.ts";
import { OpenSessions } from "../../media/open-sessions.ts";
import type { AcceptedCodecs } from "../../domain/track.ts";
import type { Stream } from "../../media/stream.ts";
import type { Streams } from "../../media/streams.ts";
import type { Hold, Holder } from "../../ports.ts";
import { acceptedCodecs } from "./codec-policy.ts";
import { parseOffer } from "./offer.ts";
import { loadEngine, type EngineLoader, type EngineName, type WebRtcEngine } from "./peer-connection.ts";
import type { OpenTalk, Talker } from "./talk.ts";
import { WebRtcSession } from "./webrtc-session.ts";

export interface WebRtcSessionsOptions {
  readonly streams: Pick<Streams, "playable">;
  /** The tier that suits a picture of this width in pixels; undefined while nothing is known. */
  readonly tierFor: (camera: CameraId, width: number | undefined) => TierName;
  /** Where what viewers say goes; without it nobody can talk. */
  readonly openTalk?: OpenTalk;
  readonly clock: Clock;
  readonly log: Logger;
  /** os.networkInterfaces. Asked for each session, because networks come and go. */
  readonly interfaces: typeof networkInterfaces;
  /** The only one to use; else the first that this box can run. */
  readonly engine?: EngineName;
  /** How engines are brought into memory. */
  readonly loaders?: Readonly<Record<EngineName, EngineLoader>>;
  readonly maxSessions?: RoomLimits;
}

export interface WebRtcOffer extends SessionOwner {
  /** RFC 8866 text, complete with candidates. */
  readonly sdp: string;
  readonly tier?: TierName | undefined;
  /** Pixels that the viewer shows. */
  readonly width?: number | undefined;
  /** It came from this box. Loopback is nowhere to send to for others. */
  readonly fromHere?: boolean | undefined;
  /** The principal may talk through the camera. */
  readonly talk?: boolean | undefined;
}

/** A wall of cameras for one person, and a few of them. */
const defaultMaxSessions: RoomLimits = { total: 64, perBlock: 32, perPrincipal: 16 };

const defaultLoaders: Readonly<Record<EngineName, EngineLoader>> = {
  "node-datachannel": async () => (await import("./node-datachannel-engine.ts")).nodeDataChannelEngine,
  werift: async () => (await import("./werift-engine.ts")).weriftEngine,
};
const preference: readonly EngineName[] = ["node-datachannel", "werift"];

/** Live views of WebRTC viewers, by WHEP: draft-ietf-wish-whep. Whether a principal may see a camera was decided before. */
export class WebRtcSessions implements AsyncDisposable, Holder {
  readonly #options: WebRtcSessionsOptions;
  readonly #sessions = new OpenSessions<WebRtcSession>();
  #engine: Promise<WebRtcEngine> | undefined;

  constructor(options: WebRtcSessionsOptions) {
    this.#options = options;
  }

  /** Sessions there are, those included that are still being answered. */
  get count(): number {
    return this.#sessions.owners.length;
  }

  /**
   * Answers an offer. A session that is not connected within 15 s ends by itself.
   * @throws GatehouseError `request-invalid`, `codec-unsupported`, `too-many-sessions`, or whatever the camera failed with
   */
  async offer(
    request: WebRtcOffer,
    { signal }: Cancellable,
  ): Promise<{ readonly session: SessionId; readonly sdp: string }> {
    signal.throwIfAborted();
    const { maxSessions: limits = defaultMaxSessions } = this.#options;
    assertRoom("live views", { taken: this.#sessions.owners, newcomer: request, limits });
    const open = (cancel: Cancellable, onEnded: (ended: WebRtcSession) => void): Promise<WebRtcSession> =>
      this.#open(request, onEnded, cancel);
    const session = await this.#sessions.open(request, open, { signal });
    return { session: session.id, sdp: session.answer };
  }

  /** Ends a session at once; one that ended before stays ended. */
  end(id: SessionId): void {
    this.#sessions.get(id)?.end("the viewer closed it");
  }

  /** Whose a session is, for deciding who may touch it. */
  find(id: SessionId): SessionOwner | undefined {
    return this.#sessions.find(id);
  }

  holds(): readonly Hold[] {
    return this.#sessions.holds("live");
  }

  /** Ends the sessions of a revoked principal or a removed camera, also those still being answered. Not a packet follows. */
  endAll(of: SessionFilter, why: string): void {
    this.#sessions.endAll(of, why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endAll({}, "the gateway closes");
  }

  async #open(
    request: WebRtcOffer,
    onEnded: (ended: WebRtcSession) => void,
    cancel: Cancellable,
  ): Promise<WebRtcSession> {
    const { principal, camera, sdp, width } = request;
    const { streams, tierFor, openTalk, clock, log, interfaces } = this.#options;
    const offer = parseOffer(sdp);
    const accepts = acceptedCodecs(offer);
    const engine = await this.#loadEngine();
    const tier = request.tier ?? tierFor(camera, width);
    const playable = (codecs: AcceptedCodecs, within: Cancellable): Promise<Stream> =>
      streams.playable(camera, tier, codecs, within);
    const options = {
      principal,
      camera,
      offer,
      engine,
      stream: await playable(accepts, cancel),
      playable,
      openTalk:
        request.talk === true && openTalk !== undefined
          ? (talker: Talker) => openTalk({ ...talker, ...ownerOf(request) })
          : undefined,
      origin: { interfaces: interfaces(), fromHere: request.fromHere === true },
      clock,
      log,
      onEnded,
    };
    return WebRtcSession.open(options, cancel);
  }

  /** Loaded when first asked for: most homes never do. */
  #loadEngine(): Promise<WebRtcEngine> {
    const { engine, loaders = defaultLoaders, log } = this.#options;
    const names = engine === undefined ? preference : [engine];
    this.#engine ??= loadEngine(
      names.map((name) => [name, loaders[name]]),
      log,
    );
    return this.#engine;
  }
}
