import type { CameraId } from "@gatehouse/shared";

import type { AuthMemory, CameraRecord, Credentials } from "../../domain/camera.ts";

/** What is known of the cameras that may be looked at. */
export interface InspectedCameras {
  list(): readonly CameraRecord[];
  /** The gateway's own login there; undefined where the camera asks for none. */
  credentials(camera: CameraId): Credentials | undefined;
  /** What its streams are opened with, where that is another account. */
  streamCredentials?(camera: CameraId): Credentials | undefined;
  /** How strong its logins were so far, by what they were for. */
  memories(camera: CameraId): Readonly<Record<"onvif" | "snapshot" | "rtsp", AuthMemory>>;
}

/** Which cameras their owner allows to be looked at. */
export interface Consents {
  granted(camera: CameraId): boolean;
}
