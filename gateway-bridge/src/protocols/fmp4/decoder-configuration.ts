import type { H265Parameters } from "../h265/sps.ts";
import { BitReader, withoutEmulationPrevention } from "../nal/bit-reader.ts";
import { box, fullBox, u16, u32, u8 } from "./box.ts";
import type { Mp4ParameterSets } from "./mp4-track.ts";

const withLength = (nal: Buffer): Buffer => Buffer.concat([u16(nal.length), nal]);

/** Profiles whose configuration repeats chroma format and depths. ISO/IEC 14496-15 5.3.3.1.2 */
const highProfiles: ReadonlySet<number> = new Set([100, 110, 122, 144]);

// ITU-T H.264 7.3.2.1.1, up to bit_depth_chroma_minus8
const highFields = (sps: Buffer): Buffer => {
  const bits = new BitReader(withoutEmulationPrevention(sps), 4);
  bits.unsigned();
  const chroma = bits.unsigned();
  if (chroma === 3) bits.skip(1);
  const [luma, depth] = [bits.unsigned(), bits.unsigned()];
  return u8(0xfc | (chroma & 3), 0xf8 | (luma & 7), 0xf8 | (depth & 7), 0);
};

/** AVCDecoderConfigurationRecord, NAL units with lengths of four bytes. ISO/IEC 14496-15 5.3.3.1 */
export const avcC = ({ sps, pps }: Mp4ParameterSets): Buffer =>
  box(
    "avcC",
    u8(1),
    sps.subarray(1, 4),
    u8(0xff, 0xe1),
    withLength(sps),
    u8(1),
    withLength(pps),
    ...(highProfiles.has(sps[1] ?? 0) ? [highFields(sps)] : []),
  );

/** One array of the record: all NAL units of one type, none of them elsewhere. */
const nalArray = (nal: Buffer): Buffer =>
  Buffer.concat([u8(0x80 | ((nal.readUInt8(0) >> 1) & 0x3f)), u16(1), withLength(nal)]);

/** HEVCDecoderConfigurationRecord, NAL units with lengths of four bytes. ISO/IEC 14496-15 8.3.3.1 */
export const hvcC = (parameters: H265Parameters, { vps, sps, pps }: Mp4ParameterSets): Buffer => {
  const { general, chroma, lumaDepth, chromaDepth, subLayers, temporalIdNested } = parameters;
  const { space, tier, profile, compatibility, constraints, level } = general;
  const sets = [...(vps === undefined ? [] : [vps]), sps, pps];
  return box(
    "hvcC",
    u8(1),
    u8((space << 6) | (tier << 5) | profile),
    u32(compatibility),
    constraints,
    u8(level),
    // min_spatial_segmentation_idc and parallelismType: unknown.
    u16(0xf000),
    u8(0xfc, 0xfc | chroma, 0xf8 | ((lumaDepth - 8) & 7), 0xf8 | ((chromaDepth - 8) & 7)),
    u16(0),
    u8((subLayers << 3) | (temporalIdNested ? 4 : 0) | 3, sets.length),
    ...sets.map(nalArray),
  );
};

/** An expandable descriptor of less than 128 bytes. ISO/IEC 14496-1 8.3.3 */
const descriptor = (tag: number, ...content: readonly Buffer[]): Buffer =>
  Buffer.concat([
    u8(
      tag,
      content.reduce((sum, { length }) => sum + length, 0),
    ),
    ...content,
  ]);

/** ES descriptor of AAC. ISO/IEC 14496-14 5.6, 14496-1 7.2.6 */
export const esds = (config: Buffer): Buffer => {
  // Audio of ISO/IEC 14496-3, an audio stream; buffer size and bit rates unknown.
  const decoder = descriptor(4, u8(0x40, 0x15, 0, 0, 0), u32(0, 0), descriptor(5, config));
  return fullBox("esds", {}, descriptor(3, u16(0), u8(0), decoder, descriptor(6, u8(2))));
};

/** Opus, one stream of one or two channels; no pre-skip, since live sound begins in its middle. Opus in ISOBMFF 4.3.2 */
export const dOps = (channels: number): Buffer => box("dOps", u8(0, channels), u16(0), u32(48_000), u16(0), u8(0));
