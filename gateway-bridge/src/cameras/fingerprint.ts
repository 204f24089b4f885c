import { GatehouseError } from "@gatehouse/shared";

/** The form in which people compare fingerprints: `AB:CD:…`, 32 pairs. */
export const readableFingerprint = (pin: string): string =>
  (Buffer.from(pin, "base64url").toString("hex").toUpperCase().match(/../g) ?? []).join(":");

/**
 * The pin that a person typed or pasted, in either form: base64url, or 64 hexadecimal digits with or without colons.
 * @throws GatehouseError `request-invalid`
 */
export const parseFingerprint = (text: string): string => {
  const bare = text.trim().replace(/^sha-?256[:\s/]+/i, "");
  if (/^[\w-]{43}$/.test(bare)) return bare;
  const digits = bare.replace(/[:\s]/g, "");
  if (/^[\da-f]{64}$/i.test(digits)) return Buffer.from(digits, "hex").toString("base64url");
  throw new GatehouseError("request-invalid", "The fingerprint is none.", {
    details: { field: "fingerprint" },
    remedy: "Give it as Gatehouse showed it: 43 letters and digits, or 32 pairs such as AB:CD.",
  });
};
