import type { CameraId } from "@gatehouse/shared";

export interface MotionChange {
  readonly camera: CameraId;
  readonly active: boolean;
}

/** What a flow must still hear after a reconnect: motion that ended or began while the gateway was away. */
export const missedMotion = (before: ReadonlySet<CameraId>, now: ReadonlySet<CameraId>): readonly MotionChange[] => [
  ...[...before].filter((camera) => !now.has(camera)).map((camera) => ({ camera, active: false })),
  ...[...now].filter((camera) => !before.has(camera)).map((camera) => ({ camera, active: true })),
];
