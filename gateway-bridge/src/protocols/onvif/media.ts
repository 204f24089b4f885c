import type { Cancellable } from "@gatehouse/shared";

import { find, findAll, textAt, type XmlElement } from "../xml/xml-element.ts";
import type { OnvifCaller } from "./onvif-caller.ts";

/** A media profile: one way in which a camera encodes what one of its sources sees. */
export interface MediaProfile {
  /** Exactly as the camera wrote it. */
  readonly token: string;
  /** The picture's source, alike in all profiles of one lens; empty where the camera does not say. */
  readonly source: string;
  readonly codec: "h264" | "h265" | "jpeg" | "unknown";
  /** Pixels; 0 where the camera does not say. */
  readonly width: number;
  readonly height: number;
  /** Frames a second at most; 0 where the camera does not say. */
  readonly fps: number;
  readonly audio: "none" | "opus" | "aac" | "pcmu" | "pcma" | "other";
}

/** More than any camera has; what comes after is left out. */
const mostProfiles = 64;

/**
 * Every profile that encodes video. Our own call: npm `onvif` turns tokens that look like numbers into numbers, so that
 * `1.50` becomes `1.5` and the camera no longer knows it (media-uris.test.ts measures it).
 */
export const getProfiles = async (
  session: OnvifCaller,
  service: "media" | "media2",
  cancel: Cancellable,
): Promise<readonly MediaProfile[]> => {
  const everything = service === "media2" ? [{ name: "o:Type", attributes: {}, content: ["All"] }] : [];
  return readProfiles(await session.call({ service, operation: "GetProfiles", arguments: everything }, cancel));
};

/** Reads both forms: Media 1 has configurations in the profile itself, Media 2 in `Configurations` under shorter names. */
export const readProfiles = (answer: XmlElement): readonly MediaProfile[] =>
  findAll(answer, "Profiles")
    .slice(0, mostProfiles)
    .flatMap((profile): MediaProfile[] => {
      const configurations = find(profile, "Configurations");
      const part = (name: string): XmlElement | undefined =>
        find(configurations, name) ?? find(profile, `${name}Configuration`);
      const token = profile.attributes.get("token") ?? "";
      const video = part("VideoEncoder");
      if (token === "" || video === undefined) return [];
      return [
        {
          token,
          source: textAt(part("VideoSource"), "SourceToken"),
          codec: videoCodec(textAt(video, "Encoding")),
          width: count(textAt(video, "Resolution", "Width")),
          height: count(textAt(video, "Resolution", "Height")),
          fps: rate(textAt(video, "RateControl", "FrameRateLimit")),
          audio: audioCodec(part("AudioEncoder")),
        },
      ];
    });

const count = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : 0);
const rate = (text: string): number => (/^\d{1,4}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0);

const videoCodec = (encoding: string): MediaProfile["codec"] => {
  const name = encoding.toUpperCase().replace(/[^A-Z\d]/g, "");
  if (name === "H264") return "h264";
  if (name === "H265" || name === "HEVC") return "h265";
  return name === "JPEG" ? "jpeg" : "unknown";
};

/** Media 1 says G711, G726 or AAC; Media 2 the RTP payload names (RFC 4855). */
const audioCodec = (encoder: XmlElement | undefined): MediaProfile["audio"] => {
  if (encoder === undefined) return "none";
  switch (textAt(encoder, "Encoding").toUpperCase()) {
    case "G711":
    case "PCMU":
      return "pcmu";
    case "PCMA":
      return "pcma";
    case "AAC":
    case "MPEG4-GENERIC":
      return "aac";
    case "OPUS":
      return "opus";
    default:
      return "other";
  }
};
