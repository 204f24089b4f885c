import { isIP } from "node:net";

/**
 * The address that a camera goes by from now on. A name that its owner gave it by stays, because it outlives the literal address that it led to
 * when the camera was changed.
 */
export const keepName = (before: URL, to: URL): URL => {
  if (isIP(before.hostname.replace(/^\[|\]$/g, "")) !== 0) return to;
  const named = new URL(to);
  named.hostname = before.hostname;
  return named;
};
