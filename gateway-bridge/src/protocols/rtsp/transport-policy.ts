/** What may carry a stream: `auto` is TCP first, UDP where the camera refuses that. */
export type TransportPreference = "auto" | "tcp" | "udp";

/** How one track travels: inside the RTSP connection, or beside it. */
export type Carrier = "interleaved" | "udp";

export interface TransportSituation {
  readonly preference: TransportPreference;
  /** The RTSP connection is inside TLS. */
  readonly secure: boolean;
  /** The track's packets are encrypted by themselves. */
  readonly srtp: boolean;
  /** What carries the tracks that were set up before. */
  readonly settled: Carrier | undefined;
}

/**
 * What to ask the camera for, in this order. A camera that was given as rtsps is never let send in the clear beside its TLS
 * connection, whatever was preferred.
 */
export const decideCarriers = ({ preference, secure, srtp, settled }: TransportSituation): readonly Carrier[] => {
  if (secure && !srtp) return ["interleaved"];
  if (settled !== undefined) return [settled];
  switch (preference) {
    case "tcp":
      return ["interleaved"];
    case "udp":
      return ["udp"];
    case "auto":
      return ["interleaved", "udp"];
  }
};

/** Of SETUP. RFC 2326 12.39, RFC 3711 12.2 */
export const formatTransport = (
  carrier: Carrier,
  { srtp, first }: { readonly srtp: boolean; /** The lower of two channels or ports. */ readonly first: number },
): string => {
  const profile = srtp ? "RTP/SAVP" : "RTP/AVP";
  const pair = `${first}-${first + 1}`;
  return carrier === "udp" ? `${profile};unicast;client_port=${pair}` : `${profile}/TCP;unicast;interleaved=${pair}`;
};
