import { toNtp } from "../rtp/ntp-time.ts";
import { payloadTypes, srtpParameters } from "./mikey-message.ts";
import type { SrtpOffer } from "./srtp-offer.ts";

export interface MikeyOptions {
  /** Random, of 32 bits. RFC 3830 6.1 */
  readonly bundle: number;
  /** 16 random bytes at least. RFC 3830 6.11 */
  readonly random: Buffer;
  /** ms since the epoch. */
  readonly now: number;
}

/** An initiator's message with one key, not encrypted by itself: for TLS only. RFC 3830 */
export const formatMikey = ({ sources, master, mki, tagSize }: SrtpOffer, options: MikeyOptions): Buffer => {
  const { bundle, random, now } = options;
  const header = Buffer.from([1, 0, payloadTypes.time, 0, 0, 0, 0, 0, sources.size, 0]);
  header.writeUInt32BE(bundle >>> 0, 4);
  const sessions = [...sources].map(([ssrc, rollover]) => {
    const session = Buffer.alloc(9);
    session.writeUInt32BE(ssrc, 1);
    session.writeUInt32BE(rollover, 5);
    return session;
  });
  const key = Buffer.concat([master.key, master.salt]);
  const validity = mki.length === 0 ? 0 : 1;
  const keyData = Buffer.concat([
    // A TEK. RFC 3830 6.13
    Buffer.from([payloadTypes.last, 0x20 | validity, ...of16Bits(key.length)]),
    key,
    ...(validity === 0 ? [] : [Buffer.from([mki.length]), mki]),
  ]);
  const parameters = policyOf(tagSize);
  return Buffer.concat([
    header,
    ...sessions,
    Buffer.from([payloadTypes.random, 0]),
    ntpTime(now),
    Buffer.from([payloadTypes.policy, random.length]),
    random,
    Buffer.from([payloadTypes.keys, 0, 0, ...of16Bits(parameters.length)]),
    parameters,
    Buffer.from([payloadTypes.last, 0, ...of16Bits(keyData.length)]),
    keyData,
    // No MAC: TLS is there.
    Buffer.from([0]),
  ]);
};

/** AES-CM with 16 bytes and HMAC-SHA1, on everything. RFC 3830 6.10.1 */
const policyOf = (tagSize: number): Buffer =>
  Buffer.from([
    ...[srtpParameters.encryption, 1, 1],
    ...[srtpParameters.encryptionKeyLength, 1, 16],
    ...[srtpParameters.authentication, 1, 1],
    ...[srtpParameters.encrypts, 1, 1],
    // Of SRTCP.
    ...[8, 1, 1],
    ...[srtpParameters.authenticates, 1, 1],
    ...[srtpParameters.tagLength, 1, tagSize],
  ]);

const ntpTime = (now: number): Buffer => {
  const time = Buffer.alloc(8);
  const { seconds, fraction } = toNtp(now);
  time.writeUInt32BE(seconds, 0);
  time.writeUInt32BE(fraction, 4);
  return time;
};

const of16Bits = (value: number): readonly [number, number] => [value >> 8, value & 0xff];
