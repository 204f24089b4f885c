/**
 * A copy in memory of its own, for small things that are kept for seconds. In Node's pool, where all small buffers are made, each of
 * them would keep 64 KiB of what was made and forgotten at the same time.
 */
export const ownBytes = (bytes: Buffer): Buffer => {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
};
