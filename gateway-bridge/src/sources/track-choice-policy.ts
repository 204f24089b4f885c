import type { AudioCodec, VideoCodec } from "../domain/track.ts";
import type { MediaDescription, MediaFormat, SessionDescription } from "../protocols/sdp/session-description.ts";
import { readSoundFormat, type SoundFormat } from "./sound-format.ts";

/** One section of the SDP and the encoding in it that is understood here. */
export interface ChosenTrack {
  readonly media: MediaDescription;
  readonly format: MediaFormat;
}

export interface ChosenVideo extends ChosenTrack {
  readonly codec: VideoCodec;
}

export interface ChosenSound extends ChosenTrack {
  readonly sound: SoundFormat;
}

/** What to fetch of a stream. */
export type TrackChoice =
  | { readonly kind: "chosen"; readonly video: ChosenVideo; readonly sound: ChosenSound | undefined }
  /** Neither H.264 nor H.265; `offered` are the encodings of what video there is. */
  | { readonly kind: "no-video"; readonly offered: readonly string[] };

/** What every viewer takes comes first. */
const videoCodecs: readonly VideoCodec[] = ["h264", "h265"];

/** What sounds best comes first; what costs least to be made fit for viewers. */
const soundCodecs: readonly AudioCodec[] = ["opus", "aac", "pcmu", "pcma", "l16"];

const mostNamed = 8;

/** The first video of the best codec, and of the sound that the camera sends the first of the best codec. */
export const chooseTracks = ({ media }: SessionDescription): TrackChoice => {
  const video = media
    .filter((section) => section.kind === "video" && isFetchable(section))
    .flatMap((section) => section.formats.map((format) => ({ media: section, format, codec: videoCodec(format) })))
    .filter((track): track is ChosenVideo => track.codec !== undefined)
    .toSorted((a, b) => videoCodecs.indexOf(a.codec) - videoCodecs.indexOf(b.codec))[0];
  if (video !== undefined) return { kind: "chosen", video, sound: chooseSound(media) };
  const offered = media.filter(({ kind }) => kind === "video").flatMap(({ formats }) => formats.map(nameOf));
  return { kind: "no-video", offered: [...new Set(offered)].slice(0, mostNamed) };
};

const chooseSound = (media: readonly MediaDescription[]): ChosenSound | undefined =>
  media
    .filter((section) => section.kind === "audio" && isFetchable(section))
    .flatMap((section) => section.formats.map((format) => ({ media: section, format, sound: readSoundFormat(format) })))
    .filter((track): track is ChosenSound => track.sound !== undefined)
    .toSorted((a, b) => soundCodecs.indexOf(a.sound.track.codec) - soundCodecs.indexOf(b.sound.track.codec))[0];

/** `sendonly` is the way back to the camera (ONVIF Streaming 5.3); what is encrypted must come with the key's agreement. */
const isFetchable = ({ direction, protocol, keyManagement }: MediaDescription): boolean =>
  direction !== "sendonly" && (!/SAVP/i.test(protocol) || keyManagement !== undefined);

/** Both codecs can send NAL units out of order, which no camera does. */
const videoCodec = ({ encoding, parameters }: MediaFormat): VideoCodec | undefined => {
  // RFC 6184 5.4
  if (encoding === "H264") return parameters.get("packetization-mode") === "2" ? undefined : "h264";
  // RFC 7798 7.1
  if (encoding === "H265") return (parameters.get("sprop-max-don-diff") ?? "0") === "0" ? "h265" : undefined;
  return undefined;
};

/** Fit to be shown: the camera may have written anything. */
const nameOf = ({ encoding, payloadType }: MediaFormat): string =>
  /^[\w.-]{1,32}$/.test(encoding) ? encoding : `payload type ${payloadType}`;
