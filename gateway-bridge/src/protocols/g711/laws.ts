/** ITU-T G.711 adds this to a sample's magnitude, so that every segment begins with a power of two. */
const bias = 0x84;
const loudestMu = 0x7fff - bias;

/** One sample as mu-law. Table 2a */
const encodeMu = (sample: number): number => {
  const magnitude = Math.min(Math.abs(sample), loudestMu) + bias;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
};

const decodeMu = (code: number): number => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + bias) << ((bits >> 4) & 7)) - bias;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
};

/** One sample as A-law: even bits are inverted, and negative samples are one below. Table 1a */
const encodeA = (sample: number): number => {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? ~sample : sample, 0x7fff) >> 4;
  // Up to 32 the steps are of one size; from there on each segment's are twice as large as the one's before.
  const exponent = 28 - Math.clz32(magnitude);
  const code = magnitude < 32 ? magnitude : (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0f);
  return (sign | code) ^ 0x55;
};

const decodeA = (code: number): number => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
};

/** What both laws are made of: samples of 16 bits, and the codes of 8 bits that stand for them. */
export const laws = {
  pcmu: { encode: encodeMu, decode: decodeMu },
  pcma: { encode: encodeA, decode: decodeA },
} as const;

export type G711Codec = keyof typeof laws;
