import type { CameraId, Cancellable, Clock, Logger, RemedyId, RemedyPlane, Secret } from "@gatehouse/shared";

import type { Credentials } from "../domain/camera.ts";
import type { ProbedCamera, Vendor } from "./probe/probed-camera.ts";

/** What will be done, and what will no longer work. */
export interface Preview {
  readonly steps: readonly string[];
  readonly stops: readonly string[];
  readonly undoable: boolean;
  /** Where it could not begin at once: not part of what is confirmed, because it passes by itself. */
  readonly wait?: Wait;
}

/** What is waited for before anything is done. */
export interface Wait {
  /** Time in ms since the epoch. */
  readonly until: number;
  /** A sentence. */
  readonly why: string;
}

/** Why a remedy cannot be applied to this camera. */
export interface Unfit {
  readonly unfit: string;
}

/** What was there before, as it takes to bring it back; kept sealed, because it may hold secrets. Plain JSON. */
export type Before = Readonly<Record<string, unknown>>;

/** What was seen afterwards. */
export type Verdict =
  | { readonly kind: "fixed"; readonly evidence: readonly string[] }
  | { readonly kind: "not-fixed"; readonly why: string };

/** A camera that is being changed: everything that checks have, and the login that it is changed with. */
export interface MendedCamera extends ProbedCamera {
  /** Undefined for a camera that asks for none. Whoever logs in as `gateway` logs in by them. */
  readonly credentials: Credentials | undefined;
  /** As the owner confirmed them. */
  readonly options: { readonly vendor: boolean; readonly firmware: string | undefined };
}

/** What a remedy has for its work beside the camera. */
export interface MendTools {
  /** Secrets that are not in use yet: durable before the camera is told, gone or in use afterwards. */
  readonly pending: PendingSecrets;
  /** Makes what a camera is reached by another: durable and at work when it returns. */
  readonly camera: CameraChanges;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What a login is for. `by-account` the account's password is another, wherever it was used; an account that the gateway did not use before is for
 * watching, and the one before goes on to change settings. `settings` it changes settings from now on. `everything` it is the only one.
 */
export type LoginUse = "by-account" | "settings" | "everything";

export interface PendingSecrets {
  put(camera: CameraId, purpose: string, credentials: Credentials): void;
  get(camera: CameraId, purpose: string): Credentials | undefined;
  /** It is the camera's login from now on, and pending no more; in one transaction. @param use default `by-account` */
  commit(camera: CameraId, purpose: string, use?: LoginUse): void;
  /** The login that changes settings is what it is watched with, too, from now on. */
  watchAsBefore(camera: CameraId): void;
  drop(camera: CameraId, purpose: string): void;
}

export interface CameraChanges {
  /** The address, or its key, that the gateway goes by from now on. */
  /** @param to streams are fetched as before unless `secureStreams` says within TLS alone, or not any more */
  relocate(
    camera: CameraId,
    to: { readonly url: URL; readonly pin: string | null; readonly secureStreams?: boolean },
  ): Promise<void>;
}

/**
 * One change of a camera. Each of its parts can be cut off at any moment and is then done again from its beginning: `apply` must find a
 * camera that took it already, `undo` one that was never changed.
 */
export interface Remedy {
  readonly id: RemedyId;
  readonly plane: RemedyPlane;
  /** Whose cameras may know it; everybody's where it is not said. */
  readonly makers?: readonly Vendor[];
  /** Whether it was seen to work on real cameras; vendors' words are not. */
  readonly proven: boolean;
  /** The password is in doubt while it is applied or undone: nobody else logs in to the camera meanwhile. */
  readonly changesLogin?: boolean;
  /** Reads the camera, changes nothing. */
  preview(camera: MendedCamera, cancel: Cancellable): Promise<Preview | Unfit>;
  /** What `undo` will need; stored before anything is changed. */
  remember(camera: MendedCamera, tools: MendTools, cancel: Cancellable): Promise<Before>;
  apply(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void>;
  /** On every plane that the camera has: ONVIF, HTTP, RTSP; and on another than the one it was spoken on where that is the vendor's. */
  verify(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<Verdict>;
  /** What a person does where it can no longer be taken back by the gateway, because the camera does not answer it: a few sentences. */
  byHand?(before: Before): string;
  /** Ends what is pending after a success. */
  commit?(camera: MendedCamera, before: Before, tools: MendTools): Promise<void>;
  /** @throws GatehouseError `remedy-failed` where it cannot be taken back: its message says what is not as before */
  undo(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void>;
}

/** A password that a camera of such limits takes: three random words and random characters. */
export interface PasswordLimits {
  readonly longest: number;
  readonly kinds: number;
}
export type DrawPassword = (limits: PasswordLimits) => Secret;
