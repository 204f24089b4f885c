import { GatehouseError, type Cancellable, type Tier } from "@gatehouse/shared";

import type { CameraDescription, StreamEndpoint } from "../domain/camera.ts";
import type { VideoTrack } from "../domain/track.ts";
import type { OpenSource } from "../ports.ts";
import { readSequence } from "../protocols/nal/sequence.ts";

/** What a stream's picture is; 0 for what it does not say. */
export type Picture = Omit<Tier, "name">;

/** What a stream itself says of its media. */
export interface Inspection extends Pick<CameraDescription, "audio"> {
  readonly picture: Picture;
}

/**
 * Opens a stream once and closes it again: what comes of it proves the login and that there is video to show.
 * @throws GatehouseError `camera-no-video`, and what opening throws
 */
export const inspectSource = async (
  openSource: OpenSource,
  endpoint: StreamEndpoint,
  cancel: Cancellable,
): Promise<Inspection> => {
  await using source = await openSource(endpoint, cancel);
  const video = source.tracks.find((track) => track.kind === "video");
  if (video === undefined) {
    throw new GatehouseError("camera-no-video", "the camera's stream holds neither H.264 nor H.265 video");
  }
  const audio = source.tracks.find((track) => track.kind === "audio")?.codec ?? "none";
  return { audio, picture: pictureOf(video) };
};

/** The tier as its stream says it is, and as its profile says where the stream says nothing. */
export const withPicture = (tier: Tier, picture: Picture): Tier => ({
  ...tier,
  codec: picture.codec,
  ...(picture.width > 0 ? { width: picture.width, height: picture.height } : {}),
  ...(tier.fps > 0 ? {} : { fps: picture.fps }),
});

const pictureOf = ({ codec, parameterSets }: VideoTrack): Picture => {
  const said = parameterSets && readSequence(codec, parameterSets.sps);
  return { codec, width: said?.width ?? 0, height: said?.height ?? 0, fps: said?.fps ?? 0 };
};
