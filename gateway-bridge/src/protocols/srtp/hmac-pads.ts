/** SHA-1's block, which the padded key of an HMAC fills. RFC 2104 2 */
export const padSize = 64;
export const digestSize = 20;

/** The key as HMAC puts it before what is hashed: `hash(outer || hash(inner || message))`. */
export const hmacPad = (key: Buffer, which: "inner" | "outer"): Buffer => {
  const filler = which === "inner" ? 0x36 : 0x5c;
  const padded = Buffer.alloc(padSize, filler);
  for (const [index, byte] of key.entries()) padded[index] = byte ^ filler;
  return padded;
};

/** `target.write(text, at, size, "binary")`, without what that costs for a few bytes. */
export const writeBinary = (target: Buffer, at: number, text: string, size: number): void => {
  for (let index = 0; index < size; index += 1) target[at + index] = text.charCodeAt(index);
};
