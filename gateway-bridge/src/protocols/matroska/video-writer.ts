/** An EBML element with its length in eight bytes. RFC 8794 6 */
const element = (id: string, ...content: readonly Buffer[]): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(content.reduce((sum, { length: bytes }) => sum + bytes, 0)) | (1n << 56n));
  return Buffer.concat([Buffer.from(id, "hex"), length, ...content]);
};
const number = (id: string, value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(id, bytes);
};
const text = (id: string, value: string): Buffer => element(id, Buffer.from(value, "latin1"));

const codecIds = { h264: "V_MPEG4/ISO/AVC", h265: "V_MPEGH/ISO/HEVC" } as const;
const startCode = Buffer.from([0, 0, 0, 1]);
/** Of unknown length, so that it can be written as it comes. RFC 8794 6.2 */
const openSegment = Buffer.from("1853806701ffffffffffffff", "hex");

export interface MatroskaPicture {
  /** Presentation, in whole ms from 0. */
  readonly time: number;
  readonly key: boolean;
  readonly nals: readonly Buffer[];
}

/**
 * What a stream with one video track begins with. Its pictures are in Annex B form and there is no CodecPrivate, which
 * decoders take, although RFC 9559 wants it, where parameter sets stand before each key picture. The size told is 16 x 16,
 * whatever the camera's is, because decoders go by the parameter sets.
 */
export const beginMatroska = (codec: keyof typeof codecIds): Buffer => {
  const header = element("1a45dfa3", text("4282", "matroska"), number("4287", 4), number("4285", 2));
  const video = element("e0", number("b0", 16), number("ba", 16));
  const track = element("ae", number("d7", 1), number("73c5", 1), number("83", 1), text("86", codecIds[codec]), video);
  // TimestampScale: 1 ms.
  const info = element("1549a966", number("2ad7b1", 1_000_000));
  return Buffer.concat([header, openSegment, info, element("1654ae6b", track)]);
};

/** A picture as a cluster of its own, so that its time has no bound. RFC 9559 5.1.3 */
export const writePicture = ({ time, key, nals }: MatroskaPicture): Buffer => {
  const block = Buffer.from([0x81, 0, 0, key ? 0x80 : 0]);
  return element("1f43b675", number("e7", time), element("a3", block, ...nals.flatMap((nal) => [startCode, nal])));
};
