import { base32 } from "../kernel/base32.ts";

/** Letters of the name: 130 bits of the pin, and no label of a name is longer than 63 (RFC 1035 2.3.4). */
const length = 26;

/**
 * The name by which a device asks, inside a channel, for the gateway's key with this pin: a gateway that changed its key still has those
 * that a device may know. RFC 6066 3
 */
export const doorName = (pin: string): string => `${base32(Buffer.from(pin, "base64url")).slice(0, length)}.gatehouse`;
