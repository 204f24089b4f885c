import {
  GatehouseError,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type StreamHealth,
  type StreamStatus,
  type TierName,
} from "@gatehouse/shared";

import type { AccessUnit, LentMemory } from "../domain/access-unit.ts";
import type { AudioTrack, ParameterSets, Track, VideoTrack } from "../domain/track.ts";
import type { Source } from "../ports.ts";
import type { Backlog } from "./backpressure-policy.ts";
import { describeHealth } from "./health/stream-health.ts";
import { StreamMeter } from "./health/stream-meter.ts";
import { learnParameterSets, withParameterSets } from "./key-picture.ts";
import { Ring } from "./ring.ts";
import { Session, type Viewer } from "./session.ts";
import { Timeline } from "./timeline.ts";
import { Upstream } from "./upstream.ts";

export type StreamState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live"; readonly viewers: number }
  | { readonly kind: "offline"; readonly error: GatehouseError };

/** What a live stream consists of. */
export interface StreamTracks {
  /** With the parameter sets in force. */
  readonly video: VideoTrack;
  readonly audio: AudioTrack | undefined;
}

export interface StreamOptions {
  readonly camera: CameraId;
  readonly tier: TierName;
  /** What was made of the camera's own tracks: `h264+opus`; none for the camera's own. */
  readonly rendition?: string;
  readonly open: (cancel: Cancellable) => Promise<Source>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  readonly lingerMs: number;
  readonly ringBytes: number;
  /** How far back the ring reaches, for recordings and clips; the newest GOP alone unless told. */
  readonly prerollMs?: number;
  readonly onState: (state: StreamState) => void;
  /** Default: one of its own, laid out by arrival. */
  readonly timeline?: StreamTimeline;
}

/** What lays a stream's units out in time. */
export type StreamTimeline = Pick<Timeline, "place" | "positionAt" | "restart">;

/** How long a viewer waits for a camera before it is told that none answers. */
const readyMs = 10_000;
/** What may wait for a viewer: some two seconds of picture and sound, or a few key pictures. */
const defaultLimit: Backlog = { units: 160, bytes: 4 * 1024 * 1024 };

interface Waiter {
  readonly resolve: (tracks: StreamTracks) => void;
  readonly reject: (error: GatehouseError) => void;
}

/**
 * One upstream connection of a camera stream, shared by every viewer. It is there while somebody watches or holds it. Units
 * pass from the source to the sessions by direct calls; each key picture carries its parameter sets.
 */
export class Stream implements AsyncDisposable {
  readonly camera: CameraId;
  readonly tier: TierName;
  readonly #options: StreamOptions;
  readonly #upstream: Upstream;
  readonly #timeline: StreamTimeline;
  readonly #ring: Ring;
  readonly #waiters = new Set<Waiter>();
  /** Replaced, never changed: a viewer may join or leave while a unit is handed round. */
  #sessions: readonly Session[] = [];
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  #parameterSets: ParameterSets | undefined;
  /** A key picture came over the present connection. */
  #live = false;
  #error: GatehouseError | undefined;
  #ended: GatehouseError | undefined;
  /** The one that plays. */
  #source: Source | undefined;
  #told: StreamState = { kind: "idle" };
  readonly #meter = new StreamMeter();
  readonly #counts = { connects: 0, accessUnits: 0, bytes: 0, dropped: 0 };

  constructor(options: StreamOptions) {
    this.#options = options;
    this.camera = options.camera;
    this.tier = options.tier;
    this.#timeline = options.timeline ?? new Timeline();
    this.#ring = new Ring({ maxBytes: options.ringBytes, prerollMs: options.prerollMs ?? 0 });
    const { open, clock, log, random, lingerMs } = options;
    this.#upstream = new Upstream({
      open: async (cancel) => this.#opened(await open(cancel)),
      clock,
      log,
      random,
      lingerMs,
      onConnected: (tracks) => this.#connected(tracks),
      onUnit: (unit, memory) => this.#unit(unit, memory),
      onFailed: (error) => this.#failed(error),
      onReplaced: () => this.#interrupted(),
      onStopped: () => this.#interrupted(),
    });
  }

  get state(): StreamState {
    if (this.#live) return { kind: "live", viewers: this.#sessions.length };
    if (this.#error !== undefined) return { kind: "offline", error: this.#error };
    return { kind: this.#upstream.running ? "connecting" : "idle" };
  }

  get status(): StreamStatus {
    const dropped = this.#sessions.reduce((sum, session) => sum + session.dropped, this.#counts.dropped);
    return { camera: this.camera, tier: this.tier, viewers: this.#sessions.length, ...this.#counts, dropped };
  }

  /** What it brings, as measured over the last seconds and minutes. */
  get health(): StreamHealth {
    const { kind: state } = this.state;
    const video = this.#video && { ...this.#video, parameterSets: this.#parameterSets };
    const measured = this.#meter.read(this.#options.clock.monotonic());
    const { rendition = "camera" } = this.#options;
    const ringBytes = this.#ring.bytes;
    return describeHealth({ status: this.status, state, rendition, video, audio: this.#audio, measured, ringBytes });
  }

  /** The picture as the present connection announced it; undefined before the camera was connected. */
  get video(): VideoTrack | undefined {
    return this.#video;
  }

  /** The sound that comes with the picture; undefined before the camera was connected, or when it has none. */
  get audio(): AudioTrack | undefined {
    return this.#audio;
  }

  /**
   * Media time in ms that is live at a moment of Clock.monotonic(): what `timestamp / clockRate` of a unit compares
   * with.
   */
  positionAt(monotonic: number): number {
    return this.#timeline.positionAt(monotonic);
  }

  /**
   * Keeps the upstream connected until disposed, with or without viewers.
   * @throws GatehouseError `stream-ended`
   */
  hold(): Disposable {
    this.#assertOpen();
    const hold = this.#upstream.hold();
    this.#tell();
    return hold;
  }

  /** Ends a pause between two tries of the upstream: there is reason to think that the next one succeeds. */
  retryNow(): void {
    this.#upstream.retryNow();
  }

  /** Connects anew, by what the camera's address and password are now. Viewers stay, and go on at the next key picture. */
  renew(): void {
    this.#error = undefined;
    this.#upstream.renew();
  }

  /**
   * Resolves once a viewer would see a picture at once.
   * @throws GatehouseError the camera's own failure as soon as there is one, `timeout` after 10 s, or `stream-ended`
   */
  async ready({ signal }: Cancellable): Promise<StreamTracks> {
    using _hold = this.hold();
    const tracks = this.#tracks();
    if (tracks !== undefined) return tracks;
    const { refusal } = this.#upstream;
    if (refusal !== undefined) throw refusal;
    const outcome = Promise.withResolvers<StreamTracks>();
    this.#waiters.add(outcome);
    this.#upstream.retryNow();
    try {
      const { clock } = this.#options;
      return await withDeadline({ clock, ms: readyMs, what: "a picture of the camera", signal }, () => outcome.promise);
    } finally {
      this.#waiters.delete(outcome);
    }
  }

  /** What is stored, oldest first, from the key picture that covers so many ms before now; the newest GOP for 0. */
  recent(beforeMs: number): readonly AccessUnit[] {
    return this.#ring.since(beforeMs > 0 ? this.#options.clock.monotonic() - beforeMs : Infinity);
  }

  /**
   * Adds a viewer. Call `session.resume()` to begin: it starts at the newest key picture, or the next one where there
   * is none, or farther back: at the key picture that covers `beforeMs`, as far as the ring reaches. The viewer stays through
   * failures of the camera and goes on at the next key picture.
   * @throws GatehouseError `stream-ended`
   */
  join(viewer: Viewer, limit: Backlog = defaultLimit, beforeMs = 0): Session {
    const hold = this.hold();
    const onClosed = (closed: Session): void => {
      this.#counts.dropped += closed.dropped;
      this.#sessions = this.#sessions.filter((other) => other !== closed);
      this.#tellSource();
      hold[Symbol.dispose]();
      this.#tell();
    };
    const session = new Session({ viewer, replay: this.recent(beforeMs), limit, onClosed });
    this.#sessions = [...this.#sessions, session];
    this.#tellSource();
    this.#tell();
    return session;
  }

  /** Ends every viewer with `stream-ended`, and the upstream connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= new GatehouseError("stream-ended", "The gateway closed the stream.");
    for (const session of this.#sessions) session.end(this.#ended);
    for (const waiter of this.#waiters) waiter.reject(this.#ended);
    await this.#upstream[Symbol.asyncDispose]();
  }

  #assertOpen(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  #tracks(): StreamTracks | undefined {
    if (!this.#live || this.#video === undefined) return undefined;
    return { video: { ...this.#video, parameterSets: this.#parameterSets }, audio: this.#audio };
  }

  #opened(source: Source): Source {
    this.#source = source;
    return this.#meter.connected(source);
  }

  /** Nobody waits for a camera that is only kept ready. */
  #tellSource(): void {
    this.#source?.await?.(!this.#live || this.#sessions.length > 0);
  }

  #connected(tracks: readonly Track[]): void {
    this.#counts.connects += 1;
    this.#video = tracks.find((track) => track.kind === "video");
    this.#audio = tracks.find((track) => track.kind === "audio");
    if (this.#video === undefined)
      throw new GatehouseError("camera-no-video", "The camera's stream has neither H.264 nor H.265 video.");
    this.#parameterSets = this.#video.parameterSets;
  }

  #unit(received: AccessUnit, memory: LentMemory | undefined): void {
    const unit = this.#place(received);
    if (unit === undefined) return;
    this.#meter.note(received);
    this.#counts.accessUnits += 1;
    this.#counts.bytes += unit.bytes;
    this.#ring.push(unit, this.#sessions.length === 0 ? memory : undefined);
    for (const session of this.#sessions) session.offer(unit);
    if (!this.#live && unit.kind === "video" && unit.key) this.#cameAlive();
  }

  /** The unit on the stream's own timeline, its NAL units shared; undefined for sound of a camera that announced none. */
  #place(unit: AccessUnit): AccessUnit | undefined {
    const track = unit.kind === "video" ? this.#video : this.#audio;
    if (track === undefined) return undefined;
    const timestamp = this.#timeline.place(unit, track.clockRate);
    const placed = timestamp === unit.timestamp ? unit : { ...unit, timestamp };
    if (placed.kind === "audio" || track.kind === "audio" || !placed.key) return placed;
    this.#parameterSets = learnParameterSets(track.codec, placed, this.#parameterSets);
    return withParameterSets(track.codec, placed, this.#parameterSets);
  }

  #cameAlive(): void {
    this.#live = true;
    this.#error = undefined;
    const tracks = this.#tracks();
    if (tracks !== undefined) for (const waiter of this.#waiters) waiter.resolve(tracks);
    this.#tellSource();
    this.#tell();
  }

  #failed(error: GatehouseError): void {
    this.#error = error;
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#interrupted();
  }

  /** What the ring holds is past: nobody is to take it for live. */
  #interrupted(): void {
    this.#live = false;
    this.#source = undefined;
    this.#ring.clear();
    this.#timeline.restart();
    this.#meter.disconnected();
    for (const session of this.#sessions) session.interrupt();
    this.#tell();
  }

  #tell(): void {
    const state = this.state;
    if (sameState(state, this.#told)) return;
    this.#told = state;
    this.#options.onState(state);
  }
}

const sameState = (a: StreamState, b: StreamState): boolean => {
  if (a.kind === "live" && b.kind === "live") return a.viewers === b.viewers;
  if (a.kind === "offline" && b.kind === "offline") return a.error.code === b.error.code;
  return a.kind === b.kind;
};
