/** What is encoded here: integers, bytes, text, and maps of them. */
export type CborValue = number | string | Uint8Array | ReadonlyMap<number | string, CborValue>;

const head = (major: number, value: number): Buffer => {
  if (value < 24) return Buffer.of((major << 5) | value);
  if (value < 0x100) return Buffer.of((major << 5) | 24, value);
  return Buffer.of((major << 5) | 25, value >> 8, value & 0xff);
};

/** RFC 8949 3, written out for what authenticators send; lengths below 65,536. */
export const encodeCbor = (value: CborValue): Buffer => {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  const pairs = [...value].flatMap(([key, held]) => [encodeCbor(key), encodeCbor(held)]);
  return Buffer.concat([head(5, value.size), ...pairs]);
};
