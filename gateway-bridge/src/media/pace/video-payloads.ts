import type { VideoUnit } from "../../domain/access-unit.ts";
import { nalType } from "../../protocols/h264/nal.ts";
import { packetizeH264, type RtpPayload } from "../../protocols/h264/packetizer.ts";

/** Delimiters, ends and filler: RTP does their work, and they cost packets. ITU-T H.264 table 7-1 */
const leftOut = new Set([9, 10, 11, 12]);

const made = new WeakMap<VideoUnit, Map<number, readonly RtpPayload[]>>();

/** The unit's RTP payloads of at most `maxPayload` bytes, made once for all viewers of a stream. */
export const videoPayloads = (unit: VideoUnit, maxPayload: number): readonly RtpPayload[] => {
  const sizes = made.get(unit) ?? new Map<number, readonly RtpPayload[]>();
  made.set(unit, sizes);
  const known = sizes.get(maxPayload);
  if (known !== undefined) return known;
  const payloads = packetizeH264(
    unit.nals.filter((nal) => !leftOut.has(nalType(nal))),
    maxPayload,
  );
  sizes.set(maxPayload, payloads);
  return payloads;
};
