import { packetize, type FragmentPrefixes, type PacketizeOptions, type PacketRules } from "../nal/packetize.ts";
import type { RtpPayload } from "../nal/rtp-payload.ts";
import { isVcl, nalType, nalTypes } from "./nal.ts";

export type { RtpPayload };

// RFC 6184 5.8: the indicator keeps F and NRI, the header the type and where in the NAL unit the fragment lies.
const prefixesOf = (header: number): FragmentPrefixes => {
  const indicator = (header & 0xe0) | nalTypes.fuA;
  const type = header & 0x1f;
  return {
    start: Buffer.from([indicator, 0x80 | type]),
    middle: Buffer.from([indicator, type]),
    end: Buffer.from([indicator, 0x40 | type]),
  };
};

/** By NAL unit header. */
const fragmentPrefixes = Array.from({ length: 256 }, (_, header) => prefixesOf(header));

// RFC 6184 5.7.1: F is the logical or of all, NRI their maximum.
const aggregateNals = (nals: readonly Buffer[]): Buffer => {
  const body = Buffer.allocUnsafe(nals.reduce((size, nal) => size + 2 + nal.length, 1));
  let forbidden = 0;
  let importance = 0;
  let at = 1;
  for (const nal of nals) {
    const header = nal.readUInt8(0);
    forbidden |= header & 0x80;
    importance = Math.max(importance, header & 0x60);
    at = body.writeUInt16BE(nal.length, at);
    at += nal.copy(body, at);
  }
  body.writeUInt8(forbidden | importance | nalTypes.stapA, 0);
  return body;
};

const rules: PacketRules = {
  headerSize: 1,
  minPayload: 3,
  isVcl: (nal) => isVcl(nalType(nal)),
  join: aggregateNals,
  fragmentPrefixes: (nal) => fragmentPrefixes[nal.readUInt8(0)] ?? prefixesOf(nal.readUInt8(0)),
};

/**
 * The payloads of one coded picture in packetization mode 1: NAL units that fit go whole, larger ones in fragments of RFC 6184 5.8.
 * Empty NAL units are left out. Aggregates save a packet a GOP, and Apple's Home is reported to stumble over those whose NRI is what
 * the standard demands.
 * @param maxPayload bytes of prefix and body together; at least 3
 */
export const packetizeH264 = (
  nals: readonly Buffer[],
  maxPayload: number,
  options: PacketizeOptions = {},
): readonly RtpPayload[] => packetize(rules, nals, { ...options, maxPayload });
