import { parseAudioSpecificConfig } from "../aac/audio-specific-config.ts";
import { readSps } from "../h264/sps.ts";
import { readH265Sps, type H265Profile } from "../h265/sps.ts";
import type { SequenceParameters } from "../nal/sequence-parameters.ts";
import { box, u16, u32 } from "./box.ts";
import { avcC, dOps, esds, hvcC } from "./decoder-configuration.ts";
import type { Mp4AudioTrack, Mp4Track, Mp4VideoTrack } from "./mp4-track.ts";

/** What a sequence parameter set says, for those who place its pictures. */
export type PictureParameters = Pick<SequenceParameters, "width" | "height" | "fps" | "reorder">;

/** What a file says of a track's samples. */
export interface SampleDescription {
  /** For the `codecs` parameter of RFC 6381: `avc1.4d4028`, `hvc1.1.6.L93.B0`, `mp4a.40.2`, `opus`. */
  readonly codec: string;
  /** The entry of its stsd box. */
  readonly entry: Buffer;
  readonly picture: PictureParameters | undefined;
}

/** More than any valid set; its length goes into 16 bits. */
const longestSet = 4_096;
/** So that the descriptors around it keep to one byte of length. */
const longestConfig = 64;

const reserved = Buffer.alloc(6);

// ISO/IEC 14496-12 12.1.3
const visual = (type: string, { width, height }: { width: number; height: number }, config: Buffer): Buffer =>
  box(
    type,
    reserved,
    u16(1, 0, 0),
    u32(0, 0, 0),
    u16(width, height),
    // 72 pixels an inch, both ways.
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(0x18, 0xffff),
    config,
  );

// ISO/IEC 14496-12 12.2.3
const audible = (type: string, { channels, rate }: { channels: number; rate: number }, config: Buffer): Buffer =>
  // A rate above 16 bits cannot be told here: the decoder has it from its configuration.
  box(type, reserved, u16(1), u32(0, 0), u16(channels, 16, 0, 0, rate > 0xffff ? 0 : rate, 0), config);

/** General constraint bytes, without the zeros at their end. */
const constraintsOf = (constraints: Buffer): string => {
  const bytes = [...constraints];
  while (bytes.at(-1) === 0) bytes.pop();
  return bytes.map((byte) => `.${byte.toString(16).toUpperCase()}`).join("");
};

const reversed = (word: number): number => {
  let result = 0;
  for (let bit = 0; bit < 32; bit += 1) if ((word & (1 << bit)) !== 0) result += 2 ** (31 - bit);
  return result;
};

// ISO/IEC 14496-15 annex E.3
const hevcString = ({ space, tier, profile, compatibility, constraints, level }: H265Profile): string => {
  const profileSpace = ["", "A", "B", "C"][space] ?? "";
  const flags = reversed(compatibility).toString(16).toUpperCase();
  return `hvc1.${profileSpace}${profile}.${flags}.${tier === 0 ? "L" : "H"}${level}${constraintsOf(constraints)}`;
};

const describeVideo = ({ codec, parameterSets }: Mp4VideoTrack): SampleDescription | undefined => {
  const { vps, sps, pps } = parameterSets;
  if ([vps, sps, pps].some((set) => set !== undefined && (set.length === 0 || set.length > longestSet)))
    return undefined;
  if (codec === "h264") {
    const read = readSps(sps);
    if (read === undefined) return undefined;
    const entry = visual("avc1", read, avcC(parameterSets));
    return { codec: `avc1.${sps.toString("hex", 1, 4)}`, entry, picture: read };
  }
  const read = readH265Sps(sps);
  if (read === undefined) return undefined;
  const entry = visual("hvc1", read, hvcC(read, parameterSets));
  return { codec: hevcString(read.general), entry, picture: read };
};

const describeAudio = ({ codec, channels, timescale, config }: Mp4AudioTrack): SampleDescription | undefined => {
  if (channels < 1 || channels > 8) return undefined;
  if (codec === "opus") {
    // More channels would need a mapping table that no camera sends.
    if (channels > 2) return undefined;
    return { codec: "opus", entry: audible("Opus", { channels, rate: 48_000 }, dOps(channels)), picture: undefined };
  }
  if (config === undefined || config.length > longestConfig) return undefined;
  const read = parseAudioSpecificConfig(config);
  if (read === undefined) return undefined;
  const entry = audible("mp4a", { channels, rate: timescale }, esds(config));
  return { codec: `mp4a.40.${read.objectType}`, entry, picture: undefined };
};

/** Undefined for what no player could be told: broken parameter sets, sound without its configuration. Never throws. */
export const describeSamples = (track: Mp4Track): SampleDescription | undefined =>
  track.kind === "video" ? describeVideo(track) : describeAudio(track);
