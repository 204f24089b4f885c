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

/** Of the gateway's own pages, in the place of what all answers have: their scripts and styles come from here alone, none of it inline. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
};

/** Of a file whose path holds a hash of its content. */
export const keptForGood: Readonly<Record<string, string>> = { "cache-control": "public, max-age=31536000, immutable" };

/**
 * The headers of an answer.
 * @param authority what the request was meant for, where that is this gateway
 */
export const securityHeaders = (authority: Authority | undefined): Readonly<Record<string, string>> =>
  // Browsers ignore it on addresses, and on `localhost` it would break every other program of that box.
  authority?.kind === "name" && authority.host !== "localhost" ? strictTransport : always;
