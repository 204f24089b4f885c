import type { CameraId, CameraKind, Secret, Tier, TierName } from "@gatehouse/shared";

import type { CameraQuirks } from "./camera-quirks.ts";
import type { AudioCodec } from "./track.ts";

/** How strongly a camera proves that it knows the password, weakest first. */
export const authSchemes = ["none", "basic", "digest-md5", "digest-sha-256"] as const;
export type AuthScheme = (typeof authSchemes)[number];

export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

/** What a camera says of itself, as its driver read it. */
export interface CameraDescription {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
  readonly tiers: readonly Tier[];
  readonly audio: "none" | AudioCodec | "other";
  readonly snapshot: boolean;
  readonly motion: boolean;
  /** Whether its stream has a way back. */
  readonly talk: boolean;
}

/** A camera under the gateway's guard, as stored. Its credentials are in the vault under `camera/<id>`. */
export interface CameraRecord {
  readonly id: CameraId;
  readonly name: string;
  readonly kind: CameraKind;
  /** The ONVIF device service or the RTSP URL. No credentials in it. */
  readonly url: string;
  /** SHA-256 of the camera's public key, base64url, confirmed by the owner; null without TLS. */
  readonly pin: string | null;
  /** The strongest login that the camera asked for; a weaker one is refused from then on. */
  readonly authFloor: AuthScheme;
  readonly warm: boolean;
  /** Its streams are fetched within TLS alone, by the pinned key; where that fails, not at all. */
  readonly secureStreams?: boolean;
  readonly description: CameraDescription;
}

/** Remembers how strong a camera's login was, so that an impostor cannot ask for a weaker one. */
export interface AuthMemory {
  readonly floor: AuthScheme;
  /** Raises the floor; a weaker scheme leaves it as it is. */
  raise(scheme: AuthScheme): void;
}

/** Everything needed to open one tier of a camera. */
export interface StreamEndpoint {
  readonly camera: CameraId;
  readonly tier: TierName;
  /** rtsp: or rtsps:, its host already forced to the camera's; no credentials in it. */
  readonly url: string;
  readonly credentials: Credentials | undefined;
  readonly pin: string | null;
  readonly auth: AuthMemory;
  /** How this camera differs from what its protocols say. */
  readonly quirks?: CameraQuirks;
}
