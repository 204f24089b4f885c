import { nalType, nalTypes, splitAnnexB } from "../h264/nal.ts";
import type { MediaFormat } from "./session-description.ts";

/** The two parameter sets that decoding H.264 begins with, whole NAL units without start code. */
export interface H264ParameterSets {
  readonly sps: Buffer;
  readonly pps: Buffer;
}

/** The first of each in `sprop-parameter-sets`; undefined unless both are there. RFC 6184 8.1 */
export const readParameterSets = ({ parameters }: MediaFormat): H264ParameterSets | undefined => {
  const nals = (parameters.get("sprop-parameter-sets") ?? "")
    .split(",", 16)
    // Some cameras keep the start code of their byte stream.
    .flatMap((set) => splitAnnexB(Buffer.from(set, "base64")));
  const sps = nals.find((nal) => nalType(nal) === nalTypes.sps && nal.length >= 4);
  const pps = nals.find((nal) => nalType(nal) === nalTypes.pps && nal.length >= 2);
  return sps && pps && { sps, pps };
};
