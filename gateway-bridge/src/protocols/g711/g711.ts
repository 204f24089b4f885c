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

/** By code. */
const linearOf = (decode: (code: number) => number): Int16Array =>
  Int16Array.from({ length: 256 }, (_, code) => decode(code));

/** By sample plus 32,768. */
const codesOf = (encode: (sample: number) => number): Uint8Array =>
  Uint8Array.from({ length: 65_536 }, (_, index) => encode(index - 32_768));

const tables = {
  pcmu: { linear: linearOf(decodeMu), code: codesOf(encodeMu) },
  pcma: { linear: linearOf(decodeA), code: codesOf(encodeA) },
} as const;

export type G711Codec = keyof typeof tables;

/** Between the laws directly, code for code, by the sample that a code stands for. */
const crossed = {
  pcmu: Uint8Array.from(tables.pcma.linear, (sample) => encodeMu(sample)),
  pcma: Uint8Array.from(tables.pcmu.linear, (sample) => encodeA(sample)),
} as const;

/** Sound of either law as samples of 16 bits. */
export const decodeG711 = (codec: G711Codec, data: Buffer): Int16Array => {
  const { linear } = tables[codec];
  return Int16Array.from(data, (code) => linear[code] ?? 0);
};

/** Samples of 16 bits by either law. */
export const encodeG711 = (codec: G711Codec, sound: Int16Array): Buffer => {
  const { code } = tables[codec];
  return Buffer.from(Uint8Array.from(sound, (sample) => code[sample + 32_768] ?? 0));
};

/** Sound of the other law by this one. */
export const convertG711 = (to: G711Codec, data: Buffer): Buffer => {
  const table = crossed[to];
  return Buffer.from(Uint8Array.from(data, (code) => table[code] ?? 0));
};
