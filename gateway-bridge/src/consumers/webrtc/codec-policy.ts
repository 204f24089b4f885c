import { GatehouseError } from "@gatehouse/shared";

import type { AcceptedCodecs, AudioCodec, AudioTrack, VideoCodec, VideoTrack } from "../../domain/track.ts";
import { readSps } from "../../protocols/h264/sps.ts";
import type { Offer, OfferedFormat, OfferedMedia } from "./offer.ts";

/** WebRTC's own; SDP of browsers names no other that would work. RFC 8834 4.2 */
const protocol = "UDP/TLS/RTP/SAVPF";

const encodings: Readonly<
  Record<"opus" | "pcmu" | "pcma", Pick<OfferedFormat, "encoding" | "clockRate" | "channels">>
> = {
  opus: { encoding: "OPUS", clockRate: 48_000, channels: 2 },
  pcmu: { encoding: "PCMU", clockRate: 8_000, channels: 1 },
  pcma: { encoding: "PCMA", clockRate: 8_000, channels: 1 },
};
/** Best first: where a camera has none of them, its sound is made into the first that the viewer takes. */
const audioCodecs = ["opus", "pcmu", "pcma"] as const;

const isH264 = ({ encoding, clockRate, parameters }: OfferedFormat): boolean =>
  // In mode 0 no picture could be larger than a packet. RFC 6184 6.2
  encoding === "H264" && clockRate === 90_000 && parameters.get("packetization-mode") === "1";
const isH265 = ({ encoding, clockRate, parameters }: OfferedFormat): boolean =>
  // Main, which is also meant where nothing is said. RFC 7798 7.1
  encoding === "H265" && clockRate === 90_000 && (parameters.get("profile-id") ?? "1") === "1";
const takes: Readonly<Record<VideoCodec, (format: OfferedFormat) => boolean>> = { h264: isH264, h265: isH265 };

const isAudio =
  (codec: AudioCodec) =>
  (format: OfferedFormat): boolean => {
    const wanted = codec === "opus" || codec === "pcmu" || codec === "pcma" ? encodings[codec] : undefined;
    return (
      wanted !== undefined &&
      format.encoding === wanted.encoding &&
      format.clockRate === wanted.clockRate &&
      format.channels === wanted.channels
    );
  };

const usable = ({ protocol: offered, rtcpMux }: OfferedMedia): boolean => offered === protocol && rtcpMux;
const receives = ({ direction }: OfferedMedia): boolean => direction === "recvonly" || direction === "sendrecv";

/** The section that takes the picture: the first that can. */
export const videoSection = ({ media }: Offer): OfferedMedia | undefined =>
  media.find(
    (each) =>
      each.kind === "video" &&
      usable(each) &&
      receives(each) &&
      each.formats.some((format) => isH264(format) || isH265(format)),
  );

/** The section that takes the sound, if it can share the picture's transport. */
export const audioSection = (offer: Offer): OfferedMedia | undefined => {
  const video = videoSection(offer);
  if (video === undefined || !offer.bundle.includes(video.mid)) return undefined;
  return offer.media.find(
    (each) =>
      each.kind === "audio" &&
      usable(each) &&
      offer.bundle.includes(each.mid) &&
      each.formats.some((format) => audioCodecs.some((codec) => isAudio(codec)(format))),
  );
};

/**
 * What the viewer can play.
 * @throws GatehouseError `codec-unsupported` when it takes neither H.264 nor H.265
 */
export const acceptedCodecs = (offer: Offer): AcceptedCodecs => {
  const formats = videoSection(offer)?.formats;
  if (formats === undefined) {
    throw new GatehouseError(
      "codec-unsupported",
      "The viewer offers to receive neither H.264 (with packetization-mode 1) nor H.265 video.",
      { remedy: "Use a browser with H.264; some builds of Chromium and Firefox on Linux leave it out." },
    );
  }
  const sound = audioSection(offer);
  const hears = sound !== undefined && receives(sound) ? sound.formats : [];
  return {
    video: (["h264", "h265"] as const).filter((codec) => formats.some(takes[codec])),
    audio: audioCodecs.filter((codec) => hears.some(isAudio(codec))),
  };
};

/** profile_idc and the flags that make a profile stricter. */
const profileOf = (format: OfferedFormat): string => {
  const id = format.parameters.get("profile-level-id");
  // Baseline where nothing is said. RFC 6184 8.1
  return id !== undefined && /^[0-9a-f]{6}$/i.test(id) ? id.toLowerCase().slice(0, 4) : "4200";
};

/** From what fits the picture best to what decoders take all the same. */
const profilesFor = (profile: number, constraints: number): readonly string[] => {
  const baseline = ["42e0", "4200", "4d00", "6400", "640c"];
  if (profile === 66) return (constraints & 0x40) === 0 ? ["4200", ...baseline] : baseline;
  if (profile === 77) return ["4d00", "6400", "640c", "42e0", "4200"];
  return ["6400", "640c", "4d00", "42e0", "4200"];
};

/**
 * The offered format to send the picture as. Where none has the picture's own profile, one with another: browsers decode
 * what the parameter sets say.
 */
export const chooseVideo = (section: OfferedMedia, track: VideoTrack): OfferedFormat | undefined => {
  const fitting = section.formats.filter(takes[track.codec]);
  if (track.codec === "h265") return fitting[0];
  const sps = track.parameterSets === undefined ? undefined : readSps(track.parameterSets.sps);
  const order = profilesFor(sps?.profile ?? 66, sps?.constraints ?? 0xe0);
  const rank = (format: OfferedFormat): number => {
    const place = order.indexOf(profileOf(format));
    return place < 0 ? order.length : place;
  };
  return fitting.toSorted((a, b) => rank(a) - rank(b))[0];
};

/** The offered format to send the sound as; undefined where the viewer cannot play it. */
export const chooseAudio = (section: OfferedMedia, track: AudioTrack | undefined): OfferedFormat | undefined => {
  if (track === undefined || !receives(section)) return undefined;
  // A static payload type has one rate only. RFC 3551 6
  if (track.codec !== "opus" && (track.clockRate !== 8_000 || track.channels !== 1)) return undefined;
  return section.formats.find(isAudio(track.codec));
};

/** How a viewer that speaks but hears nothing is asked to: as cameras' loudspeakers take it. */
export const chooseTalk = (section: OfferedMedia): OfferedFormat | undefined =>
  (["pcmu", "pcma", "opus"] as const)
    .map((codec) => section.formats.find(isAudio(codec)))
    .find((format) => format !== undefined);

/** Which codec an audio format stands for. */
export const audioCodecOf = (format: OfferedFormat): (typeof audioCodecs)[number] | undefined =>
  audioCodecs.find((codec) => isAudio(codec)(format));
