/**
 * The ways in which these bytes may be written: as they are, in UTF-16, base64, hexadecimal, with percent signs.
 * Of base64 it is the letters that stand for these bytes alone, for wherever they may begin among others.
 */
export const writingsOf = (raw: Buffer): Buffer[] => {
  const hex = raw.toString("hex");
  const percent = hex.replace(/../g, "%$&");
  const texts = [hex, hex.toUpperCase(), percent, percent.toUpperCase()];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), raw, Buffer.alloc(2)]).toString("base64");
    // Where it stands among other bytes decides how its own fall into groups of three; the letters at its ends belong to its neighbours too.
    const [first, last] = [Math.ceil((before * 8) / 6), Math.floor(((before + raw.length) * 8) / 6)];
    const inner = text.slice(first, last);
    texts.push(inner, inner.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const wide = Buffer.from(raw.toString("latin1"), "utf16le");
  return [raw, wide, Buffer.from(wide).swap16(), ...[...new Set(texts)].map((text) => Buffer.from(text))];
};
