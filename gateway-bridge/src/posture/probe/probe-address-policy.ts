import { isLoopback, isPrivate, plainAddress, type Interfaces } from "../../domain/viewer-address-policy.ts";

export interface ProbeAddress {
  /** A literal address. */
  readonly address: string;
  /** Whether the owner wrote this very address: a name may lead to this box itself only by a fault, or by malice. */
  readonly literal: boolean;
  readonly interfaces: Interfaces;
}

export type ProbeAddressVerdict =
  | { readonly kind: "allowed"; readonly address: string }
  /** `why` completes "it is ...". */
  | { readonly kind: "refused"; readonly why: string };

/**
 * Whether an address may be probed: one of a home (RFC 1918, RFC 3927, RFC 4193, RFC 4291 2.5.6), and no address that several hosts hear. It need
 * not be of a network that this box is attached to: who gave the cameras a network of their own has a router between, and did well.
 * So neither a camera that moved, nor a name that leads elsewhere, turns an inspection into an attack on somebody else.
 */
export const judgeProbeAddress = ({ address, literal, interfaces }: ProbeAddress): ProbeAddressVerdict => {
  const plain = plainAddress(address);
  if (plain === undefined) return { kind: "refused", why: "no IP address" };
  if (isLoopback(plain)) {
    return literal
      ? { kind: "allowed", address: plain.address }
      : { kind: "refused", why: "a name that leads to this box itself" };
  }
  if (!isPrivate(plain)) return { kind: "refused", why: "not an address of a home's own network" };
  const own = Object.values(interfaces).flatMap((infos) => infos ?? []);
  if (own.some((info) => info.family === "IPv4" && broadcastOf(info) === plain.address)) {
    return { kind: "refused", why: "a broadcast address" };
  }
  return { kind: "allowed", address: plain.address };
};

const broadcastOf = ({ address, netmask }: { readonly address: string; readonly netmask: string }): string => {
  const mask = netmask.split(".").map(Number);
  return address
    .split(".")
    .map((byte, index) => Number(byte) | (~(mask[index] ?? 255) & 255))
    .join(".");
};
