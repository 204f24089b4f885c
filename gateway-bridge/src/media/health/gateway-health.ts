import type { CameraId, MediaHealth, StreamHealth, TranscoderHealth } from "@gatehouse/shared";

import type { CameraRecord } from "../../domain/camera.ts";
import { warningsOf } from "../../domain/stream-warning-policy.ts";

/** What is asked of a camera. */
export type HealthSubject = Pick<CameraRecord, "id" | "kind" | "url" | "description">;

export interface HealthSources {
  /** Those whose health is asked for: of all other streams nothing is told. */
  readonly cameras: readonly HealthSubject[];
  readonly streams: readonly StreamHealth[];
  readonly transcoder: TranscoderHealth;
  /** How many clients at once a camera serves, where that is known. */
  readonly maxSessions: (camera: HealthSubject) => number | undefined;
}

/** How these cameras' streams are, and what their owner could better. */
export const healthOf = ({ cameras, streams, transcoder, maxSessions }: HealthSources): MediaHealth => {
  const byCamera = Map.groupBy<CameraId, StreamHealth>(streams, ({ camera }) => camera);
  return {
    cameras: cameras.map((camera) => {
      const { id, kind, description } = camera;
      const { tiers, audio } = description;
      const own = byCamera.get(id) ?? [];
      const warnings = warningsOf({
        kind,
        tiers,
        audio,
        streams: own,
        maxSessions: maxSessions(camera),
        transcoder: transcoder.available,
      });
      return { camera: id, streams: own, warnings };
    }),
    transcoder,
  };
};
