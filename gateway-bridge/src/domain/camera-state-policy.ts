import type { CameraState, ErrorCode } from "@gatehouse/shared";

/** Why a part of a camera cannot be reached, and since when. */
export interface Outage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly since: number;
}

/** What is known of a camera: of each of its streams that is open, and of its event connection. */
export interface CameraHealth {
  readonly streams: readonly (
    | { readonly kind: "idle" | "connecting" }
    | { readonly kind: "live"; readonly viewers: number }
    | { readonly kind: "offline"; readonly outage: Outage }
  )[];
  /** Undefined while events flow, or where the camera has none. */
  readonly events: Outage | undefined;
}

/**
 * One state out of several signs, first match wins: a picture that flows is proof of life; then a failed stream, a failed event
 * connection, a stream being opened; else the camera is ready.
 */
export const cameraState = ({ streams, events }: CameraHealth): CameraState => {
  const live = streams.filter((stream) => stream.kind === "live");
  if (live.length > 0) return { kind: "live", viewers: live.reduce((sum, { viewers }) => sum + viewers, 0) };
  const failed = streams.find((stream) => stream.kind === "offline")?.outage ?? events;
  if (failed !== undefined) return { kind: "offline", ...failed };
  if (streams.some((stream) => stream.kind === "connecting")) return { kind: "connecting" };
  return { kind: "ready" };
};
