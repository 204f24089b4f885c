import { packetize, type FragmentPrefixes, type PacketizeOptions, type PacketRules } from "../nal/packetize.ts";
import type { RtpPayload } from "../nal/rtp-payload.ts";
import { isVcl, nalHeaderSize, nalType, nalTypes } from "./nal.ts";

// RFC 7798 4.4.3: the payload header keeps F, layer and temporal id, the FU header the type and where the fragment lies.
const fragmentPrefixes = (nal: Buffer): FragmentPrefixes => {
  const [first, second] = [nal.readUInt8(0), nal.readUInt8(1)];
  const prefix = (where: number): Buffer =>
    Buffer.from([(first & 0x81) | (nalTypes.fragment << 1), second, where | nalType(nal)]);
  return { start: prefix(0x80), middle: prefix(0), end: prefix(0x40) };
};

// RFC 7798 4.4.2: F is the logical or of all, layer and temporal id their minimum.
const aggregateNals = (nals: readonly Buffer[]): Buffer => {
  const body = Buffer.allocUnsafe(nals.reduce((size, nal) => size + 2 + nal.length, nalHeaderSize));
  let forbidden = 0;
  let layer = 0x3f;
  let temporal = 7;
  let at = nalHeaderSize;
  for (const nal of nals) {
    const header = nal.readUInt16BE(0);
    forbidden |= header & 0x8000;
    layer = Math.min(layer, (header >> 3) & 0x3f);
    temporal = Math.min(temporal, header & 7);
    at = body.writeUInt16BE(nal.length, at);
    at += nal.copy(body, at);
  }
  body.writeUInt16BE(forbidden | (nalTypes.aggregate << 9) | (layer << 3) | temporal, 0);
  return body;
};

const rules: PacketRules = {
  headerSize: nalHeaderSize,
  minPayload: 4,
  isVcl: (nal) => isVcl(nalType(nal)),
  join: aggregateNals,
  fragmentPrefixes,
};

/**
 * The payloads of one coded picture by RFC 7798, without decoding order numbers: NAL units that fit go whole, larger ones in
 * fragments. NAL units shorter than their header are left out.
 * @param maxPayload bytes of prefix and body together; at least 4
 */
export const packetizeH265 = (
  nals: readonly Buffer[],
  maxPayload: number,
  options: PacketizeOptions = {},
): readonly RtpPayload[] => packetize(rules, nals, { ...options, maxPayload });
