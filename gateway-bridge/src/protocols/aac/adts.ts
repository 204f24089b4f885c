import { sampleRates, type AacConfig } from "./audio-specific-config.ts";

/** Bytes of a header without checksum. */
export const adtsHeaderSize = 7;

/** Longest frame, header included: its length has 13 bits. */
export const maxAdtsFrame = 8_191;

/** What stands before an access unit in an ADTS stream. */
export interface AdtsHeader {
  readonly config: AacConfig;
  /** Bytes of the header itself, with its checksum. */
  readonly size: number;
  /** Bytes of header and access unit together. */
  readonly frameSize: number;
}

// ISO/IEC 13818-7 6.2
export const readAdts = (bytes: Buffer, at = 0): AdtsHeader | undefined => {
  if (at + adtsHeaderSize > bytes.length) return undefined;
  const [first, second] = [bytes.readUInt16BE(at), bytes.readUInt8(at + 2)];
  if ((first & 0xfff6) !== 0xfff0) return undefined;
  const size = (first & 1) === 1 ? adtsHeaderSize : adtsHeaderSize + 2;
  const configuration = ((second & 1) << 2) | (bytes.readUInt8(at + 3) >> 6);
  const sampleRate = sampleRates[(second >> 2) & 0x0f];
  const frameSize = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
  // More than one access unit in a frame (the last two bits) cannot be told apart without decoding.
  const single = (bytes.readUInt8(at + 6) & 3) === 0;
  if (sampleRate === undefined || configuration === 0 || frameSize <= size || !single) return undefined;
  const channels = configuration === 7 ? 8 : configuration;
  return { config: { objectType: (second >> 6) + 1, sampleRate, channels, unitSamples: 1_024 }, size, frameSize };
};

/**
 * The header of an access unit of `length` bytes.
 * @throws RangeError for what ADTS cannot tell: an unusual rate, layout or object type, or more than 8,184 bytes
 */
export const writeAdts = ({ objectType, sampleRate, channels }: AacConfig, length: number): Buffer => {
  const index = sampleRates.findIndex((rate) => rate === sampleRate);
  const configuration = channels === 8 ? 7 : channels;
  const frameSize = adtsHeaderSize + length;
  if (
    index < 0 ||
    objectType < 1 ||
    objectType > 4 ||
    configuration < 1 ||
    configuration > 7 ||
    frameSize > maxAdtsFrame
  ) {
    throw new RangeError("ADTS has no header for such sound.");
  }
  const header = Buffer.alloc(adtsHeaderSize);
  header.writeUInt16BE(0xfff1);
  header.writeUInt8(((objectType - 1) << 6) | (index << 2) | (configuration >> 2), 2);
  // The fullness of the buffer is all ones: the bit rate varies.
  header.writeUInt32BE((((configuration & 3) << 30) | (frameSize << 13) | 0x1ffc) >>> 0, 3);
  return header;
};

/** The access units of a whole ADTS stream, as views; undefined where it is anything else. */
export const splitAdts = (bytes: Buffer): readonly Buffer[] | undefined => {
  const units: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readAdts(bytes, at);
    if (header === undefined || at + header.frameSize > bytes.length) return undefined;
    units.push(bytes.subarray(at + header.size, at + header.frameSize));
    at += header.frameSize;
  }
  return units.length === 0 ? undefined : units;
};
