/** A way in which a client can take a track, of those that are spoken here. RFC 2326 12.39 */
export type TransportOffer =
  | {
      readonly kind: "interleaved";
      /** Channels that the client chose; undefined where it leaves them to the server. */
      readonly channels: ChannelPair | undefined;
    }
  | { readonly kind: "udp"; readonly rtpPort: number; readonly rtcpPort: number };

export interface ChannelPair {
  readonly rtp: number;
  readonly rtcp: number;
}

const maxOffers = 16;

/**
 * Reads a client's Transport header, in the order of its preference. Multicast, recording, encrypted profiles and what is malformed
 * are left out, and so is any `destination`: media goes to whoever asks for it, never elsewhere.
 */
export const parseTransportOffers = (header: string): readonly TransportOffer[] =>
  header.split(",", maxOffers).flatMap((text) => {
    const offer = parseOffer(text);
    return offer === undefined ? [] : [offer];
  });

const parseOffer = (text: string): TransportOffer | undefined => {
  const [specification = "", ...fields] = text.split(";", 32).map((part) => part.trim());
  const [, lower] = /^RTP\/AVP(?:\/(TCP|UDP))?$/i.exec(specification) ?? [undefined, undefined];
  if (!/^RTP\/AVP(?:\/(?:TCP|UDP))?$/i.test(specification)) return undefined;
  const value = (name: string): string | undefined =>
    fields.find((field) => field.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const refused = fields.some((field) => field.toLowerCase() === "multicast");
  const mode = value("mode")?.replaceAll('"', "").toLowerCase() ?? "play";
  if (refused || mode !== "play") return undefined;
  const interleaved = value("interleaved");
  if (lower?.toUpperCase() === "TCP") {
    if (interleaved === undefined) return { kind: "interleaved", channels: undefined };
    const pair = parsePair(interleaved, 255);
    return pair && { kind: "interleaved", channels: { rtp: pair[0], rtcp: pair[1] } };
  }
  const ports = parsePair(value("client_port") ?? "", 65_535);
  return ports && ports[0] > 0 ? { kind: "udp", rtpPort: ports[0], rtcpPort: ports[1] } : undefined;
};

/** `5000-5001`, or `5000`, which means the one after it too. */
const parsePair = (text: string, highest: number): readonly [number, number] | undefined => {
  const [, first, second] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (first === undefined) return undefined;
  const low = Number(first);
  const high = second === undefined ? low + 1 : Number(second);
  return low <= highest && high <= highest && low !== high ? [low, high] : undefined;
};
