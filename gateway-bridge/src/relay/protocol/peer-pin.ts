import { base32, spkiPin, TunnelId } from "@gatehouse/shared";
import type { TLSSocket } from "node:tls";

/**
 * The pin of the key that the other side proved to have in the handshake (RFC 8446 4.4.3), whatever else its certificate says.
 * Undefined where it showed none, or none on Ed25519.
 */
export const peerPin = (socket: TLSSocket): string | undefined => {
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key?.asymmetricKeyType === "ed25519" ? spkiPin(key.export({ type: "spki", format: "der" })) : undefined;
};

/** What a relay knows a gateway by that enrolled with the key of this pin. */
export const tunnelIdOf = (pin: string): TunnelId =>
  TunnelId.parse(`gr-${base32(Buffer.from(pin, "base64url").subarray(0, 10))}`);
