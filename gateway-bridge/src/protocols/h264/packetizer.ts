import type { RtpPayload } from "../nal/rtp-payload.ts";
import { isVcl, nalType, nalTypes } from "./nal.ts";

export type { RtpPayload };

const empty = Buffer.alloc(0);

interface FragmentPrefixes {
  readonly start: Buffer;
  readonly middle: Buffer;
  readonly end: Buffer;
}

// RFC 6184 5.8: the indicator keeps F and NRI, the header the type and where in the NAL unit the fragment lies.
const fragmentPrefixes: readonly FragmentPrefixes[] = Array.from({ length: 256 }, (_, header) => {
  const indicator = (header & 0xe0) | nalTypes.fuA;
  const type = header & 0x1f;
  return {
    start: Buffer.from([indicator, 0x80 | type]),
    middle: Buffer.from([indicator, type]),
    end: Buffer.from([indicator, 0x40 | type]),
  };
});

const fragment = (nal: Buffer, maxPayload: number, payloads: RtpPayload[]): void => {
  const prefixes = fragmentPrefixes[nal.readUInt8(0)];
  if (prefixes === undefined) return;
  const step = maxPayload - 2;
  let prefix = prefixes.start;
  let at = 1;
  for (; at + step < nal.length; at += step) {
    payloads.push({ prefix, body: nal.subarray(at, at + step), last: false });
    prefix = prefixes.middle;
  }
  payloads.push({ prefix: prefixes.end, body: nal.subarray(at), last: false });
};

/** How many NAL units from `from` on fit into one STAP-A: only those without picture data, where copying costs nothing. */
const countAggregable = (nals: readonly Buffer[], from: number, maxPayload: number): number => {
  let size = 1;
  let count = 0;
  for (let index = from; index < nals.length; index += 1) {
    const nal = nals[index];
    if (nal === undefined || nal.length === 0 || isVcl(nalType(nal))) break;
    size += 2 + nal.length;
    if (size > maxPayload) break;
    count += 1;
  }
  return count;
};

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

/** Smallest payload that can carry a fragment: its two header bytes and one of content. */
const minPayload = 3;

export interface PacketizeOptions {
  /**
   * Puts neighbouring NAL units without picture data into one STAP-A. Off unless asked: it saves a packet a GOP, and Apple's
   * Home is reported to stumble over aggregates whose NRI is what the standard demands.
   */
  readonly aggregate?: boolean;
}

/**
 * The payloads of one coded picture in packetization mode 1: NAL units that fit go whole, larger ones in fragments of RFC 6184 5.8.
 * Empty NAL units are left out.
 * @param maxPayload bytes of prefix and body together; at least 3
 */
export const packetizeH264 = (
  nals: readonly Buffer[],
  maxPayload: number,
  { aggregate = false }: PacketizeOptions = {},
): readonly RtpPayload[] => {
  if (maxPayload < minPayload) throw new RangeError(`A payload of ${maxPayload} bytes cannot hold a fragment.`);
  const payloads: RtpPayload[] = [];
  for (let index = 0; index < nals.length; index += 1) {
    const nal = nals[index];
    if (nal === undefined || nal.length === 0) continue;
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
