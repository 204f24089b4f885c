import { urlWithLogin, type FarmCamera } from "../camera-farm/farm.ts";
import { ffmpegPath } from "./program.ts";
import type { NpmPackage } from "./npm-package.ts";

/** A camera plugin of others, and how it is told of a camera. */
export interface HomebridgePlugin {
  readonly package: NpmPackage;
  readonly platformConfig: (camera: FarmCamera, freePort: number) => Readonly<Record<string, unknown>>;
  /** What it logs once the camera can be watched as fast as ever. */
  readonly warm?: RegExp;
}

const input = (camera: FarmCamera): string => `-rtsp_transport tcp -i ${urlWithLogin(camera)}`;

/** The most used one: an ffmpeg process for each viewer, started when one comes. */
export const cameraFfmpeg: HomebridgePlugin = {
  package: { name: "homebridge-camera-ffmpeg", version: "3.1.4" },
  platformConfig: (camera) => ({
    platform: "Camera-ffmpeg",
    videoProcessor: ffmpegPath,
    cameras: [{ name: "Camera", videoConfig: { source: input(camera), vcodec: "copy", audio: false } }],
  }),
};

/** Keeps the camera's last seconds in memory, for an ffmpeg process for each viewer to begin with. */
export const cameraUi: HomebridgePlugin = {
  // Newer mail parsers need packages that were never published in the version they name.
  package: { name: "homebridge-camera-ui", version: "5.0.27", overrides: { mailparser: "3.5.0" } },
  platformConfig: (camera, port) => ({
    platform: "CameraUI",
    port,
    options: { videoProcessor: ffmpegPath },
    cameras: [
      {
        name: "Camera",
        prebuffering: true,
        videoConfig: { source: input(camera), vcodec: "copy", audio: false },
      },
    ],
  }),
};
