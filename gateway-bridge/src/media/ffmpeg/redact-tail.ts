const longestLine = 300;

/** The last words of a program as one line that is fit for a log: printable, bounded, and without memory addresses. */
export const redactTail = (tail: Buffer): string =>
  tail
    .toString("latin1")
    .replaceAll(/ @ 0x[0-9a-f]+/g, "")
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(-longestLine);
