import {
  isAttached,
  isLoopback,
  type Family,
  type Interfaces,
  type PlainAddress,
} from "../../domain/viewer-address-policy.ts";
import { rtpHeaderSize } from "../../protocols/rtp/rtp-packet.ts";
import { srtpTagSize } from "../../protocols/srtp/srtp-key.ts";

/** How packets get to a viewer. */
export interface ViewerPath {
  readonly family: Family;
  /** No router and no tunnel on the way. */
  readonly direct: boolean;
}

const udpHeaderSize = 8;
const ipHeaderSize = { ipv4: 20, ipv6: 40 } as const;
/** What controllers ask for over IPv4: they are known to take no longer datagrams. */
const largestMtu = 1_378;
/** VPNs and cellular networks on the way do not have the MTU that HomeKit names. */
const safePayload = 1_200;
/** Of a tunnel, which has no link layer. */
const noMac = "00:00:00:00:00:00";

export const pathTo = (viewer: PlainAddress, interfaces: Interfaces): ViewerPath => {
  const links = Object.values(interfaces).flatMap((infos) => infos?.filter(({ mac }) => mac !== noMac) ?? []);
  return { family: viewer.family, direct: isLoopback(viewer) || links.some((link) => isAttached(viewer, link)) };
};

/** Longest RTP payload in bytes. HomeKit's MTU is that of the whole IP datagram. */
export const payloadSize = ({ mtu, path }: { readonly mtu: number; readonly path: ViewerPath }): number => {
  const headers = ipHeaderSize[path.family] + udpHeaderSize + rtpHeaderSize + srtpTagSize;
  const asked = Math.min(mtu, largestMtu) - headers;
  return path.direct ? asked : Math.min(asked, safePayload);
};
