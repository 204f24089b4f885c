import { cookieNames } from "@gatehouse/shared";

export type CookieName = keyof typeof cookieNames;

/** 32 bytes as base64url. */
const secretPattern = /^[A-Za-z0-9_-]{43}$/;
/** Longer than any that a browser sends with our two cookies and some of a neighbour's. */
const longestHeader = 4_096;
const deviceSeconds = 400 * 24 * 3_600;

/**
 * What a Cookie header says of one of ours. `damaged`: too long, twice, or not as we make them; then the request is a stranger's.
 * RFC 6265 4.2
 */
export type FoundCookie =
  { readonly kind: "none" } | { readonly kind: "damaged" } | { readonly kind: "found"; readonly secret: Buffer };

export const findCookie = (header: string | undefined, name: CookieName): FoundCookie => {
  if (header === undefined) return { kind: "none" };
  if (header.length > longestHeader) return { kind: "damaged" };
  const values = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieNames[name]}=`))
    .map((pair) => pair.slice(cookieNames[name].length + 1));
  const [value, another] = values;
  if (value === undefined) return { kind: "none" };
  if (another !== undefined || !secretPattern.test(value)) return { kind: "damaged" };
  return { kind: "found", secret: Buffer.from(value, "base64url") };
};

const attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** A Set-Cookie value, kept as long as is said; else that of the login goes with the browser's own session, and that of the device stays. */
export const makeCookie = (name: CookieName, secret: Buffer, keptMs?: number): string => {
  const seconds = keptMs === undefined ? { login: undefined, device: deviceSeconds }[name] : Math.floor(keptMs / 1_000);
  const kept = seconds === undefined ? "" : `; Max-Age=${seconds}`;
  return `${cookieNames[name]}=${secret.toString("base64url")}; ${attributes}${kept}`;
};

/** Takes a cookie away from the browser. */
export const dropCookie = (name: CookieName): string => `${cookieNames[name]}=; ${attributes}; Max-Age=0`;
