import type { TalkQuirks } from "../domain/camera-quirks.ts";
import type { AudioCodec, AudioTrack } from "../domain/track.ts";
import type { MediaDescription, MediaFormat, SessionDescription } from "../protocols/sdp/session-description.ts";
import { readSoundFormat } from "./sound-format.ts";

/** One section of the SDP that sound can be sent on, and the encoding to send. */
export interface ChosenTalk {
  readonly media: MediaDescription;
  readonly format: MediaFormat;
  readonly track: AudioTrack;
}

/** PCMU is what every loudspeaker plays, and costs nothing to make. */
const codecs: readonly AudioCodec[] = ["pcmu", "pcma", "l16", "aac", "opus"];

/** The way back that a camera offers, ONVIF Streaming 5.3; undefined where it offers none that is understood. */
export const chooseTalk = (
  { media }: SessionDescription,
  { codecs: played = codecs }: TalkQuirks = {},
): ChosenTalk | undefined =>
  media
    .filter(({ kind, direction }) => kind === "audio" && direction === "sendonly")
    .flatMap((section) =>
      section.formats.map((format) => ({ media: section, format, track: readSoundFormat(format)?.track })),
    )
    .filter((talk): talk is ChosenTalk => talk.track !== undefined && played.includes(talk.track.codec))
    .toSorted((a, b) => codecs.indexOf(a.track.codec) - codecs.indexOf(b.track.codec))[0];

/** The stream's address, with what the camera wants to see in it before it offers a way back. */
export const talkUrl = (url: string, { query = {} }: TalkQuirks = {}): string => {
  const missing = Object.entries(query).filter(([name]) => !new RegExp(`[?&]${name}=`, "i").test(url));
  if (missing.length === 0) return url;
  const added = missing.map(([name, value]) => `${name}=${value}`).join("&");
  return `${url}${url.includes("?") ? "&" : "?"}${added}`;
};
