import type { RtpPayload } from "./rtp-payload.ts";

/** What goes before the parts of a NAL unit that is sent in fragments; all of one length. */
export interface FragmentPrefixes {
  readonly start: Buffer;
  readonly middle: Buffer;
  readonly end: Buffer;
}

/** A codec's RTP payload format. */
export interface PacketRules {
  /** Bytes of a NAL unit's header, which fragments leave out. */
  readonly headerSize: number;
  /** Smallest payload that can carry a fragment: its headers and one byte of content. */
  readonly minPayload: number;
  /** Whether a NAL unit holds a part of the picture. */
  readonly isVcl: (nal: Buffer) => boolean;
  /** A payload of whole NAL units: a header of `headerSize`, then each with its length in two bytes before it. */
  readonly join: (nals: readonly Buffer[]) => Buffer;
  readonly fragmentPrefixes: (nal: Buffer) => FragmentPrefixes;
}

export interface PacketizeOptions {
  /** Puts neighbouring NAL units without picture data into one aggregate. Off unless asked. */
  readonly aggregate?: boolean;
}

const empty = Buffer.alloc(0);

/**
 * The payloads of one coded picture: NAL units that fit go whole, larger ones in fragments. Those that are shorter than their header
 * are left out. `maxPayload` counts the bytes of prefix and body together, and is at least the rules' smallest.
 */
export const packetize = (
  rules: PacketRules,
  nals: readonly Buffer[],
  { maxPayload, aggregate = false }: PacketizeOptions & { readonly maxPayload: number },
): readonly RtpPayload[] => {
  const { headerSize, minPayload, join } = rules;
  if (maxPayload < minPayload) throw new RangeError(`A payload of ${maxPayload} bytes cannot hold a fragment.`);
  const payloads: RtpPayload[] = [];
  for (let index = 0; index < nals.length; index += 1) {
    const nal = nals[index];
    if (nal === undefined || nal.length < headerSize) continue;
    const together = aggregate ? countAggregable(rules, nals.slice(index), maxPayload) : 1;
    if (together > 1) {
      payloads.push({ prefix: empty, body: join(nals.slice(index, index + together)), last: false });
      index += together - 1;
    } else if (nal.length <= maxPayload) payloads.push({ prefix: empty, body: nal, last: false });
    else fragment(nal, rules, { maxPayload, payloads });
  }
  const final = payloads.pop();
  if (final !== undefined) payloads.push({ ...final, last: true });
  return payloads;
};

const fragment = (
  nal: Buffer,
  rules: PacketRules,
  { maxPayload, payloads }: { readonly maxPayload: number; readonly payloads: RtpPayload[] },
): void => {
  const { start, middle, end } = rules.fragmentPrefixes(nal);
  const step = maxPayload - start.length;
  let prefix = start;
  let at = rules.headerSize;
  for (; at + step < nal.length; at += step) {
    payloads.push({ prefix, body: nal.subarray(at, at + step), last: false });
    prefix = middle;
  }
  payloads.push({ prefix: end, body: nal.subarray(at), last: false });
};

/** How many of the first NAL units fit into one aggregate: only those without picture data, where copying costs nothing. */
const countAggregable = ({ headerSize, isVcl }: PacketRules, nals: readonly Buffer[], maxPayload: number): number => {
  let size = headerSize;
  const end = nals.findIndex((nal) => {
    if (nal.length < headerSize || isVcl(nal)) return true;
    size += 2 + nal.length;
    return size > maxPayload;
  });
  return end < 0 ? nals.length : end;
};
