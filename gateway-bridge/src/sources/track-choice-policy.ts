import type { MediaDescription, MediaFormat, SessionDescription } from "../protocols/sdp/session-description.ts";

/** One section of the SDP and the encoding in it that is understood here. */
export interface ChosenTrack {
  readonly media: MediaDescription;
  readonly format: MediaFormat;
}

/** What to fetch of a stream. */
export type TrackChoice =
  | { readonly kind: "chosen"; readonly video: ChosenTrack; readonly opus: ChosenTrack | undefined }
  /** No H.264 video; `offered` are the encodings of what video there is. */
  | { readonly kind: "no-video"; readonly offered: readonly string[] };

const mostNamed = 8;

/** The first H.264 video, and the first Opus sound that the camera sends. */
export const chooseTracks = ({ media }: SessionDescription): TrackChoice => {
  const video = pick(media, "video", isH264);
  if (video !== undefined) return { kind: "chosen", video, opus: pick(media, "audio", isOpus) };
  const offered = media.filter(({ kind }) => kind === "video").flatMap(({ formats }) => formats.map(nameOf));
  return { kind: "no-video", offered: [...new Set(offered)].slice(0, mostNamed) };
};

const pick = (
  all: readonly MediaDescription[],
  kind: string,
  understood: (format: MediaFormat) => boolean,
): ChosenTrack | undefined => {
  for (const media of all) {
    const format = media.formats.find(understood);
    // `sendonly` is the way back to the camera (ONVIF Streaming 5.3); SAVP is encrypted with a key that only its SDP's kind tells.
    const isOurs = media.kind === kind && media.direction !== "sendonly" && !/SAVP/i.test(media.protocol);
    if (isOurs && format !== undefined) return { media, format };
  }
  return undefined;
};

/** The interleaved mode, 2, sends NAL units out of order and is used by no camera. RFC 6184 5.4 */
const isH264 = ({ encoding, parameters }: MediaFormat): boolean =>
  encoding === "H264" && parameters.get("packetization-mode") !== "2";

const isOpus = ({ encoding }: MediaFormat): boolean => encoding === "OPUS";

/** Fit to be shown: the camera may have written anything. */
const nameOf = ({ encoding, payloadType }: MediaFormat): string =>
  /^[\w.-]{1,32}$/.test(encoding) ? encoding : `payload type ${payloadType}`;
