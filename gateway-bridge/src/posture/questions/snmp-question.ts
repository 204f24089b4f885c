import { printable } from "./open-ports.ts";

/**
 * RFC 1157 (SNMPv1): GetRequest of sysDescr.0 (1.3.6.1.2.1.1.1.0) with the community `public`. Reading what everybody may read; no guess.
 */
export const snmpQuestion = Buffer.from(
  "302902010004067075626c6963a01c020467617465020100020100300e300c06082b060102010101000500",
  "hex",
);

/** RFC 1157 4.1.3: GetResponse-PDU. */
const getResponse = 0xa2;
const octetString = 0x04;

/**
 * What the device says of itself, where this answers the question: printable, possibly empty. Undefined for anything else, such as
 * an echo of the question.
 */
export const readSnmpAnswer = (datagram: Buffer): string | undefined => {
  const message = element(datagram, 0);
  if (message?.tag !== 0x30) return undefined;
  const [, community, pdu] = children(message.content);
  if (community?.tag !== octetString || pdu?.tag !== getResponse) return undefined;
  const [id, errorStatus, , bindings] = children(pdu.content);
  if (id?.content.toString("latin1") !== "gate" || errorStatus === undefined || bindings === undefined)
    return undefined;
  // An error (RFC 1157 4.1.1) shows that the community was taken, too.
  const [binding] = children(bindings.content);
  const value = binding === undefined ? undefined : children(binding.content)[1];
  return value?.tag === octetString ? printable(value.content.toString("latin1")) : "";
};

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly end: number;
}

const children = (content: Buffer): readonly Element[] => {
  const found: Element[] = [];
  for (let at = 0; at < content.length && found.length < 8;) {
    const next = element(content, at);
    if (next === undefined) return [];
    found.push(next);
    at = next.end;
  }
  return found;
};

/** X.690 8.1: a tag of one byte, a length of one to three. */
const element = (bytes: Buffer, at: number): Element | undefined => {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (extra > 2 || first === 0x80 || at + 2 + extra > bytes.length) return undefined;
  const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
  const start = at + 2 + extra;
  return start + length > bytes.length
    ? undefined
    : { tag, content: bytes.subarray(start, start + length), end: start + length };
};
