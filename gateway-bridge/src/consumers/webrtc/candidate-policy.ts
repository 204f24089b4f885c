import { isLoopback, judgeViewer, plainAddress, type Interfaces } from "../../domain/viewer-address-policy.ts";

/** An address and port that the viewer may be reached at. RFC 8839 5.1 */
export interface Candidate {
  readonly foundation: string;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
}

/** More than any host has that matters: each costs checks. */
const maxCandidates = 16;

const shape =
  /^([A-Za-z0-9+/]{1,32}) 1 udp (\d{1,10}) ([0-9A-Fa-f.:]{2,45}) (\d{1,5}) typ (?:host|srflx|prflx|relay)(?: |$)/i;

/**
 * Whether media may go to this address: as for every viewer, and to this box's loopback too, because a viewer proves by its
 * ICE password that it is there.
 */
export const isViewerAddress = (address: string, interfaces: Interfaces): boolean =>
  judgeViewer({ viewer: address, localAddress: "127.0.0.1", interfaces }).kind === "allowed";

/**
 * The candidates that are tried, in the viewer's order: UDP, in the home. Names are never looked up, neither those that
 * browsers draw to hide an address (the viewer's own checks show where it is) nor any other.
 */
export const usableCandidates = (offered: readonly string[], interfaces: Interfaces): readonly Candidate[] => {
  const usable = offered.flatMap((text): Candidate[] => {
    const [, foundation = "", priority = "", address = "", port = ""] = shape.exec(text) ?? [];
    const plain = plainAddress(address);
    const [rank, number] = [Number(priority), Number(port)];
    if (plain === undefined || rank < 1 || rank >= 2 ** 31 || number < 1 || number > 65_535) return [];
    if (!isViewerAddress(plain.address, interfaces)) return [];
    return [{ foundation, priority: rank, address: plain.address, port: number }];
  });
  return usable.slice(0, maxCandidates);
};

/** The viewer is on this box and has no other address: the gateway must be reachable there too. */
export const isOnLoopback = (candidates: readonly Candidate[]): boolean =>
  candidates.length > 0 &&
  candidates.every(({ address }) => {
    const plain = plainAddress(address);
    return plain !== undefined && isLoopback(plain);
  });
