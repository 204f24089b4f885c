const lineFeed = 0x0a;

/**
 * An RTSP message without its logins, which are for the port of this computer alone; all else stays as it is, byte for byte.
 * @param bytes the whole message
 * @param bodyBytes how many of them are its body
 */
export const withoutLogins = (bytes: Buffer, bodyBytes: number): Buffer => {
  const headEnd = bytes.length - bodyBytes;
  const kept: Buffer[] = [];
  let dropping = false;
  for (let at = 0; at < headEnd;) {
    const feed = bytes.indexOf(lineFeed, at);
    const end = feed < 0 || feed >= headEnd ? headEnd : feed + 1;
    const line = bytes.subarray(at, end);
    // RFC 2326 15.1: a line that begins with a blank goes on with the one before. The first is the request line.
    if (at > 0 && !/^[ \t]/.test(line.toString("latin1", 0, 1))) dropping = isLogin(line);
    if (!dropping) kept.push(line);
    at = end;
  }
  return Buffer.concat([...kept, bytes.subarray(headEnd)]);
};

const isLogin = (line: Buffer): boolean => {
  const text = line.toString("latin1");
  const name = text
    .slice(0, Math.max(0, text.indexOf(":")))
    .trim()
    .toLowerCase();
  return name === "authorization" || name === "proxy-authorization";
};
