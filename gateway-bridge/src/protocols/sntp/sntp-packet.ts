import { toNtp } from "../rtp/ntp-time.ts";

/** What a client of the Simple Network Time Protocol asks with. RFC 4330 4 */
export interface SntpQuestion {
  readonly version: number;
  readonly poll: number;
  /** Its own time, 8 bytes, which the answer repeats. */
  readonly transmit: Buffer;
}

export interface SntpTimes {
  /** When the question came, and when the answer leaves; milliseconds since 1970. */
  readonly received: number;
  readonly sent: number;
}

/** Without what authenticates: RFC 5905 7.3. Answers are as long, so nobody gains by asking in another's name. */
const packetBytes = 48;
const modes = { client: 3, server: 4 } as const;
/** Far from a clock that anybody should follow rather than another; RFC 5905 lets 15 count still. */
const stratum = 10;
/** About a millisecond: 2^-10 s. */
const precision = -10;
/** What RFC 5905's own implementation calls a local clock: 127.127.1.0. */
const localClock = [127, 127, 1, 0];

/** Undefined for what is no client's question. */
export const readSntpQuestion = (datagram: Buffer): SntpQuestion | undefined => {
  if (datagram.length < packetBytes) return undefined;
  const first = datagram.readUInt8(0);
  const version = (first >> 3) & 0b111;
  if ((first & 0b111) !== modes.client || version < 1 || version > 4) return undefined;
  return { version, poll: datagram.readUInt8(2), transmit: Buffer.from(datagram.subarray(40, packetBytes)) };
};

export const writeSntpAnswer = ({ version, poll, transmit }: SntpQuestion, { received, sent }: SntpTimes): Buffer => {
  const answer = Buffer.alloc(packetBytes);
  answer.writeUInt8((version << 3) | modes.server, 0);
  answer.writeUInt8(stratum, 1);
  answer.writeUInt8(poll, 2);
  answer.writeInt8(precision, 3);
  Buffer.from(localClock).copy(answer, 12);
  writeTime(answer, 16, received);
  transmit.copy(answer, 24);
  writeTime(answer, 32, received);
  writeTime(answer, 40, sent);
  return answer;
};

const writeTime = (packet: Buffer, at: number, unixMs: number): void => {
  const { seconds, fraction } = toNtp(unixMs);
  packet.writeUInt32BE(seconds, at);
  packet.writeUInt32BE(fraction, at + 4);
};
