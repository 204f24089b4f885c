import { srtpTagSize } from "../../protocols/srtp/srtp-key.ts";
import { rtpHeaderSize } from "../../protocols/rtp/rtp-packet.ts";
import type { Family } from "../../domain/viewer-address-policy.ts";

const udpHeaderSize = 8;
const ipHeaderSize = { ipv4: 20, ipv6: 40 } as const;
/** HomeKit names an MTU that VPNs and cellular networks on the way do not have. */
const safePayload = 1_200;

/** Longest RTP payload in bytes. HomeKit's MTU is that of the whole IP datagram. */
export const payloadSize = ({ mtu, family }: { readonly mtu: number; readonly family: Family }): number =>
  Math.min(safePayload, mtu - ipHeaderSize[family] - udpHeaderSize - rtpHeaderSize - srtpTagSize);
