export type VideoCodec = "h264" | "h265";

/** The five bits that say what a NAL unit is (H.264 table 7-1). */
export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

/** The six bits that say it in H.265 (H.265 table 7-1). */
export const nalType265 = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 0x3f;

/** What the NAL units of each codec are. A header is one byte, or two of which the second is 1: base layer, no sub-layers. */
export const codecs = {
  h264: {
    typeOf: nalType,
    headerLength: 1,
    header: (type: number) => Buffer.of(type),
    isSlice: (type: number) => type === 1 || type === 5,
    isKey: (type: number) => type === 5,
    vps: undefined,
    sps: 7,
    pps: 8,
    sei: 6,
    filler: 12,
  },
  h265: {
    typeOf: nalType265,
    headerLength: 2,
    header: (type: number) => Buffer.of(type << 1, 1),
    isSlice: (type: number) => type < 32,
    isKey: (type: number) => type >= 16 && type <= 21,
    vps: 32,
    sps: 33,
    pps: 34,
    sei: 39,
    filler: 38,
  },
} as const;

/** The NAL units of a byte stream (H.264 annex B), without start codes. */
export const splitAnnexB = (stream: Buffer): Buffer[] => {
  const nals: Buffer[] = [];
  let start = stream.indexOf("000001", 0, "hex");
  while (start >= 0) {
    const next = stream.indexOf("000001", start + 3, "hex");
    let end = next < 0 ? stream.length : next;
    // The zeros before a start code belong to it: no NAL unit ends in one (H.264 7.4.1).
    while (end > start + 3 && stream[end - 1] === 0) end -= 1;
    nals.push(stream.subarray(start + 3, end));
    start = next;
  }
  return nals;
};

/** Puts a 3 where a payload would imitate a start code (H.264 7.4.1.1). */
export const escapePayload = (payload: Uint8Array): Buffer => {
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros === 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(escaped);
};

/** Takes out what `escapePayload` put in. */
export const unescapePayload = (escaped: Uint8Array): Buffer => {
  const payload: number[] = [];
  let zeros = 0;
  for (const byte of escaped) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    payload.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(payload);
};

/** A filler data NAL unit of exactly `length` bytes, at least 3 (H.264 7.3.2.7, H.265 7.3.2.8). */
export const fillerNal = (length: number, codec: VideoCodec = "h264"): Buffer => {
  const nal = Buffer.alloc(length, 0xff);
  codecs[codec].header(codecs[codec].filler).copy(nal);
  nal[length - 1] = 0x80;
  return nal;
};

const uuidLength = 16;

/** User data of about `length` bytes in an SEI NAL unit (H.264 7.3.2.3, D.1.7): as filler, but nobody on the way may leave it out. */
export const userDataNal = (length: number, codec: VideoCodec = "h264"): Buffer => {
  const { header, headerLength, sei } = codecs[codec];
  const payload = Math.max(uuidLength, length - 2 - headerLength - Math.floor(length / 255));
  const size = Buffer.alloc(Math.floor(payload / 255) + 1, 0xff);
  size[size.length - 1] = payload % 255;
  return Buffer.concat([header(sei), Buffer.of(5), size, Buffer.alloc(payload, 0xab), Buffer.of(0x80)]);
};
