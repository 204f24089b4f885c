import type { ChannelPair, TransportOffer } from "../../protocols/rtsp-server/transport-offer.ts";

export interface TransportSituation {
  /** In the order of the reader's preference. */
  readonly offers: readonly TransportOffer[];
  /** The connection is encrypted: media must not leave it. */
  readonly secure: boolean;
  /** Channels that other tracks of the connection use. */
  readonly taken: ReadonlySet<number>;
}

export type TransportChoice =
  | { readonly kind: "interleaved"; readonly channels: ChannelPair }
  | { readonly kind: "udp"; readonly rtpPort: number; readonly rtcpPort: number }
  | { readonly kind: "none" };

/** The first offer that can be had. */
export const chooseTransport = ({ offers, secure, taken }: TransportSituation): TransportChoice => {
  for (const offer of offers) {
    if (offer.kind === "udp") {
      if (!secure) return offer;
      continue;
    }
    const channels = offer.channels ?? freePair(taken);
    if (channels !== undefined && !taken.has(channels.rtp) && !taken.has(channels.rtcp)) {
      return { kind: "interleaved", channels };
    }
  }
  return { kind: "none" };
};

const freePair = (taken: ReadonlySet<number>): ChannelPair | undefined => {
  for (let rtp = 0; rtp < 255; rtp += 2) if (!taken.has(rtp) && !taken.has(rtp + 1)) return { rtp, rtcp: rtp + 1 };
  return undefined;
};
