import { laws, type G711Codec } from "../laws.ts";

/** Sound of either law as samples of 16 bits. */
export const decodeG711 = (codec: G711Codec, data: Buffer): Int16Array =>
  Int16Array.from(data, (code) => laws[codec].decode(code));

/** Samples of 16 bits by either law. */
export const encodeG711 = (codec: G711Codec, sound: Int16Array): Buffer =>
  Buffer.from(Uint8Array.from(sound, (sample) => laws[codec].encode(sample)));
