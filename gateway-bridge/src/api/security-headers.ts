import type { Authority } from "../domain/authority.ts";

/** Of every answer, whoever asked and whatever came of it. */
const always: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // No page of somebody else's may so much as show what a browser's stored login brings, nor be shown round ours.
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
  // What is answered here is data: should a browser show it as a page, it can do nothing.
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Two years. Without includeSubDomains: what lies below our names is not ours. RFC 6797 6.1 */
const strictTransport = { ...always, "strict-transport-security": "max-age=63072000" };

/**
 * The headers of an answer.
 * @param authority what the request was meant for, where that is this gateway
 */
export const securityHeaders = (authority: Authority | undefined): Readonly<Record<string, string>> =>
  // Browsers ignore it on addresses, and on `localhost` it would break every other program of that box.
  authority?.kind === "name" && authority.host !== "localhost" ? strictTransport : always;
