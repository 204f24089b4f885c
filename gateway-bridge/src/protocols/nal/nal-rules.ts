import type { RtpPacket } from "../rtp/rtp-packet.ts";
import type { PictureAssembly } from "./picture-assembly.ts";

/**
 * What a NAL unit is to the picture that it comes with: a slice, a slice of a picture that decoding can start at, something
 * else of the codec's own, or nothing that belongs into a stream.
 */
export type NalRole = "slice" | "key-slice" | "other" | "none";

/** In what the codecs differ that cut pictures into NAL units. */
export interface NalRules {
  roleOf(nal: Buffer): NalRole;
  /** Whether a slice is the first of its picture. */
  startsPicture(slice: Buffer): boolean;
  /** Takes the payload of a packet, which is not empty, into the picture; false when the picture is damaged by it. Never throws. */
  takePayload(packet: RtpPacket, assembly: PictureAssembly): boolean;
}
