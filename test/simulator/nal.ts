/** The five bits that say what a NAL unit is (H.264 table 7-1). */
export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

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

/** A filler data NAL unit of exactly `length` bytes, at least 2 (H.264 7.3.2.7). */
export const fillerNal = (length: number): Buffer => {
  const nal = Buffer.alloc(length, 0xff);
  nal[0] = 12;
  nal[length - 1] = 0x80;
  return nal;
};

const uuidLength = 16;

/** User data of about `length` bytes in an SEI NAL unit (H.264 7.3.2.3, D.1.7): as filler, but nobody on the way may leave it out. */
export const userDataNal = (length: number): Buffer => {
  const payload = Math.max(uuidLength, length - 3 - Math.floor(length / 255));
  const size = Buffer.alloc(Math.floor(payload / 255) + 1, 0xff);
  size[size.length - 1] = payload % 255;
  return Buffer.concat([Buffer.of(6, 5), size, Buffer.alloc(payload, 0xab), Buffer.of(0x80)]);
};
