import type { Duplex } from "node:stream";

import type {
  Action,
  CameraId,
  Cancellable,
  DeviceId,
  NoticeKind,
  Principal,
  PrincipalId,
  Thumbprint,
  TierName,
} from "@gatehouse/shared";

import type { AccessUnit, LentMemory, VideoUnit } from "./domain/access-unit.ts";
import type { CameraDescription, StreamEndpoint } from "./domain/camera.ts";
import type { Standing } from "./domain/circumstances.ts";
import type { LiveLogin } from "./domain/login-policy.ts";
import type { SessionFilter, SessionOwner } from "./domain/session-filter.ts";
import type { AudioTrack, Track, VideoCodec } from "./domain/track.ts";

/** Takes access units on the hot path: synchronous, never throws. */
export interface UnitSink {
  /** @param memory what the unit lies in, where the source has a use for it; the sink owns it from here on */
  write(unit: AccessUnit, memory?: LentMemory): void;
}

/** How well a Source's packets arrive, since it was opened. */
export interface SourceQuality {
  readonly packets: number;
  readonly lost: number;
  /** Interarrival jitter of the picture in ms. RFC 3550 6.4.1 */
  readonly jitterMs: number;
  /** How the media travels: `tcp`, `udp`, `tls`, and whether its packets are encrypted (`srtp`). */
  readonly transport: "tcp" | "udp" | "tls" | "tls+srtp" | "memory";
}

/** One upstream media feed, connected and described. */
export interface Source extends AsyncDisposable {
  readonly tracks: readonly Track[];
  /** Undefined where nothing can be lost. */
  quality?(): SourceQuality;
  /**
   * Whether somebody waits for the units. While nobody does, the source may write them a fifth of a second later and many at a time,
   * which costs less; when somebody begins to, it writes what has come meanwhile as soon as this returns. They are waited for unless
   * it is told.
   */
  await?(awaited: boolean): void;
  /** Hands every access unit to the sink. Ends only by throwing why: GatehouseError, or the signal's reason. */
  play(sink: UnitSink, cancel: Cancellable): Promise<never>;
}

/** Connects a Source; throws a GatehouseError having released everything. */
export type OpenSource = (endpoint: StreamEndpoint, cancel: Cancellable) => Promise<Source>;

/** The way to a camera's loudspeaker, open for one talker. */
export interface TalkBack extends AsyncDisposable {
  /** What the camera takes: mostly PCMU or PCMA, 8,000 a second, one channel. */
  readonly track: AudioTrack;
  /** Sends sound in the track's codec, whose timestamp counts from 0 in ticks of its clock; the caller keeps real time. Never throws. */
  write(data: Buffer, timestamp: number): void;
  /** Aborts, with a GatehouseError, when the camera ended it. */
  readonly ended: AbortSignal;
}

/** Opens the way back; throws `talk-unsupported` where the camera has none, `camera-...` otherwise. */
export type OpenTalkBack = (endpoint: StreamEndpoint, cancel: Cancellable) => Promise<TalkBack>;

/**
 * Whether a camera has such a way back, which is asked without opening it; false also where it did not answer, or not in an
 * understandable way. Throws only the signal's reason.
 */
export type ProbeTalk = (endpoint: StreamEndpoint, cancel: Cancellable) => Promise<boolean>;

/** A still picture. */
export interface Snapshot {
  readonly jpeg: Buffer;
  /** Clock.now() when it was taken. */
  readonly capturedAt: number;
}

/** A key picture that a stream brought. */
export interface KeyPicture {
  readonly codec: VideoCodec;
  /** With its parameter sets. */
  readonly unit: VideoUnit;
}

/** The key pictures of the gateway's streams, and how they become still pictures. */
export interface KeyPictures {
  /** Whether this box can decode them at all. */
  readonly decodable: boolean;
  /** The newest of a stream that is live; undefined where it is not. */
  newest(camera: CameraId, tier: TierName): KeyPicture | undefined;
  /**
   * The first that arrives from now on, for which the stream is connected.
   * @throws GatehouseError as the stream's own, or `timeout` after 10 s
   */
  next(camera: CameraId, tier: TierName, cancel: Cancellable): Promise<KeyPicture>;
  /**
   * @param width of the JPEG in pixels, where the picture is wider
   * @throws GatehouseError `transcoder-missing`, `transcode-failed`, `timeout`, `too-many-requests`
   */
  toJpeg(picture: KeyPicture, width: number | undefined, cancel: Cancellable): Promise<Buffer>;
}

/** A piece of film, made while it is read. */
export interface Clip {
  /** Clock.now() of its first picture. */
  readonly startedAt: number;
  /** An MP4 file. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Aborts when its reader may not have it any more: nothing of it is sent then, read or not. */
  readonly ended: AbortSignal;
}

/** What a driver reports of a camera's doings. */
export interface DriverEvent {
  readonly kind: "motion";
  readonly active: boolean;
  /** Without namespace prefixes: `VideoSource/MotionAlarm`. */
  readonly topic: string;
  /** The camera's own correlation id, where it gives one. */
  readonly reference?: string;
}

/** Speaks to one camera in its own tongue. Cheap to hold: connections are made when needed. */
export interface CameraDriver extends AsyncDisposable {
  /** Reads the camera anew. Throws `camera-unreachable`, `camera-credentials`, ... */
  describe(cancel: Cancellable): Promise<CameraDescription>;
  /** Where to fetch a tier's media. */
  endpoint(tier: StreamEndpoint["tier"], cancel: Cancellable): Promise<StreamEndpoint>;
  /** @throws GatehouseError `snapshot-unsupported` where the camera offers none */
  snapshot(size: { readonly width?: number; readonly height?: number }, cancel: Cancellable): Promise<Snapshot>;
  /**
   * Reports events until it fails or is aborted; its caller supervises it. `healthy` is called once events flow.
   * Resolves only for cameras that never report any.
   */
  events(sink: (event: DriverEvent) => void, cancel: Cancellable & { readonly healthy: () => void }): Promise<void>;
}

/** Keeps secrets by name, encrypted at rest. */
export interface SecretStore {
  /** Replaces what is there. Durable when it returns. */
  put(name: string, content: Uint8Array): void;
  get(name: string): Buffer | undefined;
  delete(name: string): void;
}

/** Who asks, as the gate found out. */
export interface Caller extends Standing {
  readonly principal: Principal;
  /** The login of a person whose browser asks; undefined for keys and applications. */
  readonly login?: LiveLogin | undefined;
}

/** Something that flows to somebody now, and the right by which it does. */
export interface Hold extends SessionOwner {
  readonly action: Action;
}

/** All that flows to anybody by one way. */
export interface Holder {
  holds(): Iterable<Hold>;
  /** Sends not a byte more. `why` completes a log line. */
  endAll(of: SessionFilter, why: string): void;
}

/** A TLS server's certificate and its key, PEM; behind the certificate those that lead to its authority. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** What the gateway's TLS servers show. */
export interface ServerCertificates {
  /** To whoever asks for no name, or for one without a certificate of its own: of the key that paired clients pinned. */
  readonly pinned: ServerCertificate;
  /** To whoever asks for this name. */
  readonly named: (ServerCertificate & { readonly name: string }) | undefined;
  /** Tells when either is another one. */
  onChanged(listener: () => void): Disposable;
}

/** Something worth writing down for good. */
export interface AuditEntry {
  /** Principal id, or `-` for a stranger. */
  readonly principal: string;
  readonly action: string;
  /** What it was done to: a camera's or principal's id, or `-`. */
  readonly target: string;
  readonly outcome: "allowed" | "denied" | "done" | "failed";
  /** One short sentence or code. Never a secret. */
  readonly detail: string;
}

export interface AuditSink {
  /** Durable when it returns. Throws if it cannot be written: then the deed must not happen. */
  append(entry: AuditEntry): void;
}

/** Somebody's access to something, as it was decided. */
export interface Access {
  /** Principal id, or `-` for a stranger. */
  readonly principal: string;
  readonly action: string;
  /** A camera's id, or `-` for what concerns several. */
  readonly target: string;
}

/** Writes decisions on access into the audit log so that those which repeat do not fill it. */
export interface AccessLog {
  /** Throws if it cannot be written: then it is not allowed. */
  allow(access: Access): void;
  /** Never throws: what cannot be written was refused all the same. `peer` is the address that a stranger came from. */
  deny(access: Access, why: string, peer?: string): void;
}

/** Something that people should know of. */
export interface NewNotice {
  readonly kind: NoticeKind;
  /** Whom it concerns alone; all who govern the gateway unless given. */
  readonly person?: PrincipalId;
  /** What it is about, where there can be several of a kind: a certificate's name. */
  readonly subject?: string;
  /** What happened, in one sentence. Never a secret, nor what a stranger typed. */
  readonly text: string;
}

/** Where people are told. */
export interface NoticeBoard {
  /** The same again (person, kind and subject) is counted. Never throws. */
  raise(notice: NewNotice): void;
  /** Takes it back once its cause is gone. */
  withdraw(kind: NoticeKind, subject?: string): void;
}

/** Who comes from away: a device, and the person it belongs to, who has yet to sign in. */
export interface Visitor {
  readonly device: DeviceId;
  readonly person: PrincipalId;
}

/** A visitor who showed a login of that person. */
export interface SignedInVisitor extends Visitor {
  readonly login: LiveLogin;
}

/** What the gateway shows inside a channel. */
export interface DoorKeys {
  /** The newest first; those behind it were superseded, and are shown to devices that ask for them. `pin` is the key's, base64url. */
  readonly shown: readonly (ServerCertificate & { readonly pin: string })[];
  /** Told when they have changed already. */
  onChanged(listener: () => void): Disposable;
}

/** The devices that may knock from away, at most `mostDevices`. */
export interface DeviceRoll {
  /** Grows with each change, also over restarts; begins at 1. */
  readonly epoch: number;
  thumbprints(): readonly Thumbprint[];
  /** Whose key it is; undefined for strangers and the revoked. */
  find(thumbprint: Thumbprint): Visitor | undefined;
  /** Told when the roll has changed already. */
  onChanged(listener: () => void): Disposable;
}

/** A way to a device that proved its key to this gateway. What comes is the device's, or the relay's: it is hostile still. */
export interface AdmittedChannel extends Visitor {
  readonly thumbprint: Thumbprint;
  /** Where the device came from, as the relay says: a word, not a fact. */
  readonly source: string;
  /** Destroyed from the other side when the device is no longer on the roll. Destroying it ends the channel. */
  readonly stream: Duplex;
}
