import {
  GatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PreparedHomeKitSession,
  type PrepareHomeKitSession,
  type PrincipalId,
  type SessionId,
  type StartHomeKitSession,
} from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import { assertRoom, type RoomLimits } from "../../domain/room-policy.ts";
import { ownerOf, type SessionFilter, type SessionOwner } from "../../domain/session-filter.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { OpenSessions } from "../../media/open-sessions.ts";
import type { Stream } from "../../media/stream.ts";
import type { Hold, Holder } from "../../ports.ts";
import { HomeKitSession, type OpenMicrophone, type Playable } from "./homekit-session.ts";

export interface HomeKitSessionsOptions {
  /** The stream of the tier that suits the viewer, as far as it is known. */
  readonly stream: (camera: CameraId, viewer: HomeKitViewer) => Stream;
  /** The same in codecs that a controller takes; as it is unless told. */
  readonly playable?: Playable;
  /** The way to the camera's loudspeaker; without, nobody talks. */
  readonly microphone?: (request: SpeechRequest) => ReturnType<OpenMicrophone>;
  readonly clock: Clock;
  readonly log: Logger;
  /** os.networkInterfaces. Asked for each session, because networks come and go. */
  readonly interfaces: typeof networkInterfaces;
  readonly maxSessions?: RoomLimits & { readonly perCamera: number };
}

/** What a controller says of its picture; less before it starts. */
export interface HomeKitViewer {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly maxBitrateKbps?: number | undefined;
}

export interface SpeechRequest extends SessionOwner {
  readonly from: AudioTrack;
}

export interface HomeKitPreparation extends SessionOwner {
  readonly body: PrepareHomeKitSession;
  /** Whether the principal may talk through the camera; no unless told. */
  readonly talk?: boolean;
}

export interface ActiveHomeKitSession {
  readonly id: SessionId;
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  /** Started: media flows. */
  readonly live: boolean;
}

/** So that one plugin leaves something to another. The addresses are those of plugins, which says nothing of their viewers. */
const defaultMaxSessions = { total: 16, perPrincipal: 12, perCamera: 4 } as const;

const asItIs: Playable = async (stream) => stream;

/**
 * Live views of HomeKit controllers. Each has UDP sockets, keys and sources of its own; media goes from here to the
 * controller, past Homebridge. Whether a principal may see a camera was decided before.
 */
export class HomeKitSessions implements AsyncDisposable, Holder {
  readonly #options: HomeKitSessionsOptions;
  readonly #sessions = new OpenSessions<HomeKitSession>();

  constructor(options: HomeKitSessionsOptions) {
    this.#options = options;
  }

  get active(): readonly ActiveHomeKitSession[] {
    return this.#sessions.list.map(({ id, principal, camera, live }) => ({ id, principal, camera, live }));
  }

  /**
   * The gateway's half of SetupEndpoints. A session that is not started within 30 s ends by itself.
   * @throws GatehouseError `viewer-address-refused`, `too-many-sessions`, or whatever the camera failed with
   */
  async prepare(request: HomeKitPreparation, { signal }: Cancellable): Promise<PreparedHomeKitSession> {
    signal.throwIfAborted();
    const { camera, body } = request;
    const owner = ownerOf(request);
    this.#assertRoom(owner);
    const { clock, log, interfaces, stream, playable = asItIs, microphone } = this.#options;
    const talk =
      request.talk === true && microphone !== undefined
        ? (from: AudioTrack) => microphone({ ...owner, from })
        : undefined;
    const options = { ...owner, body, playable, talk, clock, log, interfaces: interfaces() };
    const { prepared } = await this.#sessions.open(
      owner,
      (cancel, onEnded) =>
        HomeKitSession.prepare({ ...options, stream: stream(camera, { width: body.width }), onEnded }, cancel),
      { signal },
    );
    return prepared;
  }

  /**
   * Begins to send as the controller selected. The width that is known by now may call for another tier.
   * @throws GatehouseError `not-found`, `request-invalid` when it was started before, `stream-ended`, or whatever the camera failed
   * with
   */
  async start(id: SessionId, body: StartHomeKitSession): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined)
      throw new GatehouseError("not-found", "There is no such HomeKit session; it may have ended.");
    const { width, height, maxBitrateKbps } = body.video;
    await session.start(body, this.#options.stream(session.camera, { width, height, maxBitrateKbps }));
  }

  /** Ends a session at once; one that ended before stays ended. */
  end(id: SessionId): void {
    this.#sessions.get(id)?.end("the controller closed it");
  }

  /** Whose a session is, for deciding who may touch it. */
  find(id: SessionId): SessionOwner | undefined {
    return this.#sessions.find(id);
  }

  holds(): readonly Hold[] {
    return this.#sessions.holds("live");
  }

  /** Ends the sessions of a revoked principal or a removed camera, also those still being prepared. Not a packet follows. */
  endAll(of: SessionFilter, reason: string): void {
    this.#sessions.endAll(of, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endAll({}, "the gateway closes");
  }

  #assertRoom(newcomer: SessionOwner): void {
    const { maxSessions: limits = defaultMaxSessions } = this.#options;
    const taken = this.#sessions.owners;
    const ofCamera = taken.filter(({ camera }) => camera === newcomer.camera);
    if (ofCamera.length >= limits.perCamera) {
      throw new GatehouseError("too-many-sessions", `Already ${ofCamera.length} HomeKit viewers watch this camera.`);
    }
    assertRoom("HomeKit views", { taken, newcomer, limits });
  }
}
