import type { CameraRecord } from "../domain/camera.ts";

/**
 * Which device a camera is, or is a part of: the channels of a recorder, and the cameras of a bridge, are cameras of one host. They have one key
 * and one list of accounts, so that nothing is shared between them which somebody could take from one to the other.
 */
export const deviceOf = ({ url }: Pick<CameraRecord, "url">): string => new URL(url).hostname;
