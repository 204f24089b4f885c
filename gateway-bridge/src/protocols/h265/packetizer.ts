import type { RtpPayload } from "../nal/rtp-payload.ts";
import { isVcl, nalHeaderSize, nalType, nalTypes } from "./nal.ts";

const empty = Buffer.alloc(0);

/** Smallest payload that can carry a fragment: its three header bytes and one of content. */
const minPayload = 4;

const mark = { start: 0x80, middle: 0, end: 0x40 } as const;

// RFC 7798 4.4.3: the payload header keeps F, layer and temporal id, the FU header the type and where the fragment lies.
const fragment = (nal: Buffer, maxPayload: number, payloads: RtpPayload[]): void => {
  const [first, second] = [nal.readUInt8(0), nal.readUInt8(1)];
  const prefix = (where: number): Buffer =>
    Buffer.from([(first & 0x81) | (nalTypes.fragment << 1), second, where | nalType(nal)]);
  const [middle, step] = [prefix(mark.middle), maxPayload - 3];
  let present = prefix(mark.start);
  let at = nalHeaderSize;
  for (; at + step < nal.length; at += step) {
    payloads.push({ prefix: present, body: nal.subarray(at, at + step), last: false });
    present = middle;
  }
  payloads.push({ prefix: prefix(mark.end), body: nal.subarray(at), last: false });
};

/** How many NAL units from `from` on fit into one aggregate: only those without picture data, where copying costs nothing. */
const countAggregable = (nals: readonly Buffer[], from: number, maxPayload: number): number => {
  let size = nalHeaderSize;
  let count = 0;
  for (let index = from; index < nals.length; index += 1) {
    const nal = nals[index];
    if (nal === undefined || nal.length < nalHeaderSize || isVcl(nalType(nal))) break;
    size += 2 + nal.length;
    if (size > maxPayload) break;
    count += 1;
  }
  return count;
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

export interface PacketizeOptions {
  /** Puts neighbouring NAL units without picture data into one aggregate. Off unless asked. */
  readonly aggregate?: boolean;
}

/**
 * The payloads of one coded picture by RFC 7798, without decoding order numbers: NAL units that fit go whole, larger ones in
 * fragments. NAL units shorter than their header are left out.
 * @param maxPayload bytes of prefix and body together; at least 4
 */
export const packetizeH265 = (
  nals: readonly Buffer[],
  maxPayload: number,
  { aggregate = false }: PacketizeOptions = {},
): readonly RtpPayload[] => {
  if (maxPayload < minPayload) throw new RangeError(`A payload of ${maxPayload} bytes cannot hold a fragment.`);
  const payloads: RtpPayload[] = [];
  for (let index = 0; index < nals.length; index += 1) {
    const nal = nals[index];
    if (nal === undefined || nal.length < nalHeaderSize) continue;
    const together = aggregate ? countAggregable(nals, index, maxPayload) : 1;
    if (together > 1) {
      payloads.push({ prefix: empty, body: aggregateNals(nals.slice(index, index + together)), last: false });
      index += together - 1;
    } else if (nal.length <= maxPayload) payloads.push({ prefix: empty, body: nal, last: false });
    else fragment(nal, maxPayload, payloads);
  }
  const final = payloads.pop();
  if (final !== undefined) payloads.push({ ...final, last: true });
  return payloads;
};
