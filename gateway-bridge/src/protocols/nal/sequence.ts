import { readH265Sps } from "../h265/sps.ts";
import { readSps } from "../h264/sps.ts";
import type { SequenceParameters } from "./sequence-parameters.ts";

export type NalCodec = "h264" | "h265";

/** What a sequence parameter set (a whole NAL unit without start code) says; undefined where it is none, or damaged. Never throws. */
export const readSequence = (codec: NalCodec, sps: Buffer): SequenceParameters | undefined =>
  codec === "h264" ? readSps(sps) : readH265Sps(sps);

/**
 * Whether pictures come in another order than they are shown in (B-frames), which costs every viewer a delay and which some
 * cannot play. Undefined where the parameter set does not tell.
 */
export const reordersPictures = (codec: NalCodec, sps: Buffer): boolean | undefined => {
  const reorder = readSequence(codec, sps)?.reorder;
  return reorder === undefined ? undefined : reorder > 0;
};
