import type { Clock, Finding, FindingStatus, HomePosture, Logger, Newcomer } from "@gatehouse/shared";

import type { Cancellable } from "@gatehouse/shared";
import type { CameraRecord } from "../domain/camera.ts";
import type { Check } from "./check.ts";
import type { PostureStore } from "./posture-store.ts";
import type { KnownRemedies } from "./posture-view.ts";
import type { OpenProbedCamera } from "./probe/open-probed-camera.ts";
import type { ProbedCamera } from "./probe/probed-camera.ts";
import type { ProbedHome } from "./probe/probed-home.ts";

export interface InspectorOptions {
  readonly cameras: { list(): readonly CameraRecord[] };
  readonly checks: readonly Check[];
  readonly store: PostureStore;
  /** Asked once for each camera and look. @throws GatehouseError as openProbedCamera */
  readonly openCamera: (record: CameraRecord, cancel: Cancellable) => Promise<OpenProbedCamera>;
  /** The home around the cameras that could be opened; asked once a look, and again for what is looked at twice. */
  readonly openHome: (cameras: readonly ProbedCamera[], cancel: Cancellable) => Promise<ProbedHome>;
  /** What can be done by the gateway; offers of others are not shown. */
  readonly remedies: KnownRemedies;
  readonly newcomers: () => readonly Newcomer[];
  readonly routerPage: () => string | null;
  readonly advisories: () => HomePosture["advisories"];
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
  /** How often all is looked at by itself, in ms; a day unless told, never where null. */
  readonly everyMs?: number | null;
}

/** A weakness that came, went or was found out; told once it is durable. */
export interface FindingChange {
  readonly finding: Finding;
  /** Undefined where it was looked at for the first time. */
  readonly before: FindingStatus | undefined;
}
