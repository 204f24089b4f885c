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

/** What is known of where an offer came from. */
export interface OfferOrigin {
  readonly interfaces: Interfaces;
  /** From this box, whose loopback is then a viewer's too. Others would have the gateway knock at services that listen there. */
  readonly fromHere: boolean;
}

/** Whether media, or a check, may go to this address: as for every viewer. */
export const isViewerAddress = (address: string, { interfaces, fromHere }: OfferOrigin): boolean =>
  judgeViewer({ viewer: address, localAddress: fromHere ? "127.0.0.1" : undefined, interfaces }).kind === "allowed";

/**
 * The candidates that are tried, in the viewer's order: UDP, in the home. Names are never looked up, neither those that
 * browsers draw to hide an address (the viewer's own checks show where it is) nor any other.
 */
export const usableCandidates = (offered: readonly string[], origin: OfferOrigin): readonly Candidate[] => {
  const usable = offered.flatMap((text): Candidate[] => {
    const [, foundation = "", priority = "", address = "", port = ""] = shape.exec(text) ?? [];
    const plain = plainAddress(address);
    const [rank, number] = [Number(priority), Number(port)];
    if (plain === undefined || rank < 1 || rank >= 2 ** 31 || number < 1 || number > 65_535) return [];
    if (!isViewerAddress(plain.address, origin)) return [];
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
