import { assertNever } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack, ParameterSets, Track, VideoTrack } from "../../domain/track.ts";
import type { StreamTracks } from "../../media/stream.ts";
import { aacFormatParameters, packetizeAac } from "../../protocols/aac/packetizer.ts";
import { opusPayloads, samplePayloads, type TimedPayload } from "../../protocols/rtsp-server/sound-payloads.ts";
import { trackControl } from "../../protocols/rtsp-server/track-url.ts";
import type { SdpSection } from "../../protocols/rtsp-server/write-sdp.ts";

/** How one track of a stream is told of and sent. */
export interface TrackFormat {
  readonly track: Track;
  readonly section: SdpSection;
}

/** First of the dynamic payload types. RFC 3551 6 */
const dynamicType = 96;

/** The stream's tracks in the order of their numbers, as they are: nothing is converted for a reader. */
export const formatsOf = ({ video, audio }: StreamTracks): readonly TrackFormat[] => [
  { track: video, section: videoSection(video) },
  ...(audio === undefined ? [] : [{ track: audio, section: audioSection(audio) }]),
];

/** Whether what was described still holds for what comes now. Parameter sets are sent along and may change. */
export const isSameFormat = (a: Track, b: Track): boolean => {
  if (a.kind === "video" || b.kind === "video") return a.codec === b.codec;
  const sameConfig = a.config === b.config || (b.config !== undefined && a.config?.equals(b.config) === true);
  return a.codec === b.codec && a.clockRate === b.clockRate && a.channels === b.channels && sameConfig;
};

const videoSection = ({ codec, clockRate, parameterSets }: VideoTrack): SdpSection => ({
  kind: "video",
  payloadType: dynamicType,
  encoding: `${codec.toUpperCase()}/${clockRate}`,
  parameters: codec === "h264" ? h264Parameters(parameterSets) : h265Parameters(parameterSets),
  control: trackControl(0),
  direction: "recvonly",
});

// RFC 6184 8.1
const h264Parameters = (sets: ParameterSets | undefined): string => {
  if (sets === undefined) return "packetization-mode=1";
  const profile = sets.sps.toString("hex", 1, 4).toUpperCase();
  const texts = [sets.sps, sets.pps].map((set) => set.toString("base64"));
  return `packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${texts.join(",")}`;
};

// RFC 7798 7.1
const h265Parameters = (sets: ParameterSets | undefined): string => {
  if (sets === undefined) return "";
  const { vps, sps, pps } = sets;
  const named = Object.entries({ "sprop-vps": vps, "sprop-sps": sps, "sprop-pps": pps });
  return named.flatMap(([name, set]) => (set === undefined ? [] : [`${name}=${set.toString("base64")}`])).join(";");
};

const audioSection = (track: AudioTrack): SdpSection => {
  const { codec, clockRate, channels, config } = track;
  const section = {
    kind: "audio",
    payloadType: dynamicType + 1,
    parameters: "",
    control: trackControl(1),
    direction: "recvonly",
  } as const;
  switch (codec) {
    case "aac":
      return {
        ...section,
        encoding: `mpeg4-generic/${clockRate}/${channels}`,
        parameters: aacFormatParameters(config ?? Buffer.alloc(0)),
      };
    case "opus":
      // RFC 7587 7: always said to be 48 kHz and two channels.
      return { ...section, encoding: "opus/48000/2", parameters: channels > 1 ? "sprop-stereo=1" : "" };
    case "pcmu":
    case "pcma": {
      const standard = clockRate === 8_000 && channels === 1;
      const payloadType = standard ? staticTypes[codec] : section.payloadType;
      return {
        ...section,
        payloadType,
        encoding: `${codec.toUpperCase()}/${clockRate}${channels > 1 ? `/${channels}` : ""}`,
      };
    }
    case "l16":
      return { ...section, encoding: `L16/${clockRate}/${channels}` };
    default:
      return assertNever(codec);
  }
};

/** RFC 3551 table 4 */
const staticTypes = { pcmu: 0, pcma: 8 } as const;

/** A piece of sound as RTP payloads. */
export const soundPayloads = ({ data }: AudioUnit, track: AudioTrack, maxPayload: number): readonly TimedPayload[] => {
  switch (track.codec) {
    case "aac":
      return packetizeAac(data, maxPayload).map((payload) => ({ payload, offset: 0 }));
    case "opus":
      return opusPayloads(data).map((payload) => ({ payload, offset: 0 }));
    case "pcmu":
    case "pcma":
      return samplePayloads(data, { bytesPerTick: track.channels, maxPayload });
    case "l16":
      return samplePayloads(data, { bytesPerTick: 2 * track.channels, maxPayload });
    default:
      return assertNever(track.codec);
  }
};
