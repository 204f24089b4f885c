/**
 * Writes DER (ITU-T X.690 10), as far as certificates need it. There is no reader here: what others sent is read by
 * node:crypto alone.
 */

/** One value: tag, definite length in the fewest bytes (8.1.3, 10.1), content. */
export const der = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), body]);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length), digits, body]);
};

export const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => der(0x31, ...parts);
export const octetString = (bytes: Buffer): Buffer => der(0x04, bytes);
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text, "utf8"));
/** 11.1: true is all ones. False is never written, as it is the default wherever certificates have a boolean. */
export const yes: Buffer = der(0x01, Buffer.of(0xff));
/** `[tag]` around a whole value. */
export const explicit = (tag: number, value: Buffer): Buffer => der(0xa0 | tag, value);
/** `[tag]` in place of a sequence's own tag. */
export const implicitSequence = (tag: number, ...parts: readonly Buffer[]): Buffer => der(0xa0 | tag, ...parts);
/** `[tag]` in place of a primitive value's own tag. */
export const implicit = (tag: number, content: Buffer): Buffer => der(0x80 | tag, content);

/** A number of zero or more, big-endian. 8.3.2: the fewest bytes, the first bit clear. */
export const unsigned = (bytes: Buffer): Buffer => {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.of(0) : bytes.subarray(start);
  return der(0x02, (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]));
};

/** Whole bytes: no bits are left over. */
export const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.of(0), bytes);

/** Named bits, numbered 0 to 7. 11.2.2: the zeros after the last one set are left out. */
export const bits = (...set: readonly number[]): Buffer => {
  const byte = set.reduce((all, bit) => all | (0x80 >> bit), 0);
  return der(0x03, Buffer.of(7 - Math.max(...set), byte));
};

/** 8.19: base 128, first two arcs in one. */
export const objectId = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
};

/** RFC 5280 4.1.2.5: two digits for the year until 2049, four from then on. Milliseconds since the epoch, 1970 to 9999. */
export const time = (ms: number): Buffer => {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return text < "2050" ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
};
