import { randomBytes } from "node:crypto";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 6, in lower case and without padding; a last group of fewer than 5 bits is filled with zeros. */
export const base32 = (bytes: Uint8Array): string => {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet.charAt((held >> (bits - 5)) & 31);
  }
  return bits === 0 ? text : text + alphabet.charAt((held << (5 - bits)) & 31);
};

/** An id such as `cam-abcdefghijklmnop`: 80 random bits, so that nobody guesses one or meets another's. */
export const randomId = (
  prefix:
    "cam" | "who" | "ses" | "login" | "note" | "role" | "link" | "passkey" | "op" | "dev" | "look" | "mend" | "new",
): string => `${prefix}-${base32(randomBytes(10))}`;
