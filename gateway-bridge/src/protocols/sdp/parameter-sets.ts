import * as h264 from "../h264/nal.ts";
import * as h265 from "../h265/nal.ts";
import { splitAnnexB } from "../nal/annex-b.ts";
import type { MediaFormat } from "./session-description.ts";

/** The parameter sets that decoding begins with, whole NAL units without start code. */
export interface SdpParameterSets {
  /** H.265 alone has one. */
  readonly vps?: Buffer;
  readonly sps: Buffer;
  readonly pps: Buffer;
}

/** Some cameras keep the start code of their byte stream. */
const decode = (list: string | undefined): readonly Buffer[] =>
  (list ?? "").split(",", 16).flatMap((set) => splitAnnexB(Buffer.from(set, "base64")));

// RFC 6184 8.1
const readH264 = ({ parameters }: MediaFormat): SdpParameterSets | undefined => {
  const nals = decode(parameters.get("sprop-parameter-sets"));
  const sps = nals.find((nal) => h264.nalType(nal) === h264.nalTypes.sps && nal.length >= 4);
  const pps = nals.find((nal) => h264.nalType(nal) === h264.nalTypes.pps && nal.length >= 2);
  return sps && pps && { sps, pps };
};

// RFC 7798 7.1
const readH265 = ({ parameters }: MediaFormat): SdpParameterSets | undefined => {
  const nals = ["vps", "sps", "pps"].flatMap((name) => decode(parameters.get(`sprop-${name}`)));
  const find = (type: number): Buffer | undefined =>
    nals.find((nal) => h265.nalType(nal) === type && nal.length > h265.nalHeaderSize);
  const { vps, sps, pps } = h265.nalTypes;
  const found = { vps: find(vps), sps: find(sps), pps: find(pps) };
  return found.vps && found.sps && found.pps && { vps: found.vps, sps: found.sps, pps: found.pps };
};

/** The first of each that the SDP has of H.264 or H.265; undefined unless all are there. */
export const readParameterSets = (format: MediaFormat): SdpParameterSets | undefined =>
  format.encoding === "H265" ? readH265(format) : readH264(format);
