import { parseOffer } from "./offer.ts";
import type { LocalTransport } from "./peer-connection.ts";

/** What an engine says of its own half. */
export const readLocalTransport = (sdp: string): LocalTransport => {
  const { transport, candidates } = parseOffer(sdp);
  const { ufrag, password, fingerprint, setup } = transport;
  const hosts = candidates.filter((candidate) => / 1 udp /i.test(candidate) && / typ host\b/.test(candidate));
  return { ufrag, password, fingerprint, setup: setup === "passive" ? "passive" : "active", candidates: hosts };
};
