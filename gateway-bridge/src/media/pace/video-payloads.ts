import type { VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import { nalType } from "../../protocols/h264/nal.ts";
import { packetizeH264, type RtpPayload } from "../../protocols/h264/packetizer.ts";
import { nalType as h265NalType } from "../../protocols/h265/nal.ts";
import { packetizeH265 } from "../../protocols/h265/packetizer.ts";

/** Delimiters, ends and filler: RTP does their work, and they cost packets. ITU-T H.264 table 7-1, H.265 table 7-1 */
const leftOut: Readonly<Record<VideoCodec, ReadonlySet<number>>> = {
  h264: new Set([9, 10, 11, 12]),
  h265: new Set([35, 36, 37, 38]),
};

const packetize = ({ nals }: VideoUnit, maxPayload: number, codec: VideoCodec): readonly RtpPayload[] =>
  codec === "h264"
    ? packetizeH264(
        nals.filter((nal) => !leftOut.h264.has(nalType(nal))),
        maxPayload,
      )
    : packetizeH265(
        nals.filter((nal) => !leftOut.h265.has(h265NalType(nal))),
        maxPayload,
      );

const made = new WeakMap<VideoUnit, Map<number, readonly RtpPayload[]>>();

/** The unit's RTP payloads of at most `maxPayload` bytes, made once for all viewers of a stream. */
export const videoPayloads = (
  unit: VideoUnit,
  maxPayload: number,
  codec: VideoCodec = "h264",
): readonly RtpPayload[] => {
  const sizes = made.get(unit) ?? new Map<number, readonly RtpPayload[]>();
  made.set(unit, sizes);
  const known = sizes.get(maxPayload);
  if (known !== undefined) return known;
  const payloads = packetize(unit, maxPayload, codec);
  sizes.set(maxPayload, payloads);
  return payloads;
};
