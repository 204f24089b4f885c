import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import type { CameraDescription, StreamEndpoint } from "../domain/camera.ts";
import type { OpenSource } from "../ports.ts";

/**
 * Opens a stream once and closes it again: what comes of it proves the login and that there is video to show.
 * @throws GatehouseError `camera-no-video`, and what opening throws
 */
export const inspectSource = async (
  openSource: OpenSource,
  endpoint: StreamEndpoint,
  cancel: Cancellable,
): Promise<Pick<CameraDescription, "audio">> => {
  await using source = await openSource(endpoint, cancel);
  if (!source.tracks.some(({ kind }) => kind === "video")) {
    throw new GatehouseError("camera-no-video", "the camera's stream holds no H.264 video");
  }
  return { audio: source.tracks.find((track) => track.kind === "audio")?.codec ?? "none" };
};
