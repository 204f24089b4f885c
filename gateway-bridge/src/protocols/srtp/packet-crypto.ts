import { createCipheriv, createHmac, timingSafeEqual } from "node:crypto";

import { srtpTagSize, type SrtpSessionKeys } from "./srtp-key.ts";

/** Which packet's keystream: RFC 3711 4.1.1 */
export interface CounterPosition {
  readonly ssrc: number;
  /** Packet index of SRTP (48 bits) or SRTCP (31 bits). */
  readonly index: number;
}

/** Enciphers or deciphers one packet's content; the two are the same in counter mode. For rates of control packets and speech. */
export const applyKeystream = (keys: SrtpSessionKeys, { ssrc, index }: CounterPosition, content: Buffer): Buffer => {
  const iv = Buffer.alloc(16);
  keys.salt.copy(iv);
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ Math.floor(index / 2 ** 16)) >>> 0, 8);
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ (index & 0xffff), 12);
  return createCipheriv("aes-128-ctr", keys.key, iv).update(content);
};

/** The first 10 bytes of HMAC-SHA1 over the parts. RFC 3711 4.2 */
export const tagOf = (keys: SrtpSessionKeys, ...parts: readonly Buffer[]): Buffer => {
  const hmac = createHmac("sha1", keys.authentication);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, srtpTagSize);
};

/** Compares in a time that does not depend on where they differ. */
export const tagMatches = (tag: Buffer, expected: Buffer): boolean =>
  tag.length === expected.length && timingSafeEqual(tag, expected);
