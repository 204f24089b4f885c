import type { Cancellable } from "@gatehouse/shared";

import type { XmlNode } from "../../xml/write-xml.ts";
import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, count, entries, flag, optional, part } from "./ask.ts";
import { readDot11Configuration, type Dot11Configuration } from "./dot11.ts";

export interface InterfaceAddress {
  readonly address: string;
  /** Undefined where the camera does not say. */
  readonly prefix: number | undefined;
  /** `router`: made from what a router advertises (IPv6). */
  readonly origin: "manual" | "link-local" | "dhcp" | "router";
}

export interface IpSettings {
  readonly enabled: boolean;
  /** Of IPv4 `true` or `false`, of IPv6 `Auto`, `Stateful`, `Stateless` or `Off`; as the camera wrote it. */
  readonly dhcp: string;
  readonly addresses: readonly InterfaceAddress[];
}

export interface NetworkInterface {
  readonly token: string;
  readonly enabled: boolean;
  readonly name: string;
  /** Hardware address, as the camera wrote it. */
  readonly mac: string;
  readonly ipv4: IpSettings | undefined;
  readonly ipv6: (IpSettings & { readonly acceptsRouterAdvertisements: boolean | undefined }) | undefined;
  /** Wi-Fi networks that it is set up for; empty for a wired one. */
  readonly dot11: readonly Dot11Configuration[];
}

export const getNetworkInterfaces = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly NetworkInterface[]> =>
  readNetworkInterfaces(await ask(onvif, { operation: "GetNetworkInterfaces" }, cancel));

export const readNetworkInterfaces = (answer: XmlElement): readonly NetworkInterface[] =>
  entries(answer, "NetworkInterfaces").map((one) => {
    const ipv6 = readIp(find(one, "IPv6"));
    const acceptsRouterAdvertisements = flag(textAt(one, "IPv6", "Config", "AcceptRouterAdvert"));
    return {
      token: one.attributes.get("token") ?? "",
      enabled: flag(textAt(one, "Enabled")) ?? false,
      name: textAt(one, "Info", "Name"),
      mac: textAt(one, "Info", "HwAddress"),
      ipv4: readIp(find(one, "IPv4")),
      ipv6: ipv6 && { ...ipv6, acceptsRouterAdvertisements },
      dot11: entries(find(one, "Extension"), "Dot11").map(readDot11Configuration),
    };
  });

const origins = [
  ["Manual", "manual"],
  ["LinkLocal", "link-local"],
  ["FromDHCP", "dhcp"],
  ["FromRA", "router"],
] as const;

const readIp = (ip: XmlElement | undefined): IpSettings | undefined => {
  if (ip === undefined) return undefined;
  const config = find(ip, "Config");
  const addresses = origins.flatMap(([name, origin]) =>
    entries(config, name).map((one) => ({
      address: textAt(one, "Address"),
      prefix: count(textAt(one, "PrefixLength")),
      origin,
    })),
  );
  return {
    enabled: flag(textAt(ip, "Enabled")) ?? false,
    dhcp: textAt(config, "DHCP"),
    addresses: addresses.filter(({ address }) => address !== ""),
  };
};

/** What is left out stays as it is. */
export interface InterfaceChange {
  readonly token: string;
  readonly ipv4?: {
    readonly enabled?: boolean;
    readonly dhcp?: boolean;
    readonly manual?: readonly { readonly address: string; readonly prefix: number }[];
  };
  readonly ipv6?: {
    readonly enabled?: boolean;
    readonly acceptsRouterAdvertisements?: boolean;
    readonly dhcp?: string;
    readonly manual?: readonly { readonly address: string; readonly prefix: number }[];
  };
}

/** Whether the camera has to be restarted before the change is at work. */
export const setNetworkInterface = async (
  onvif: OnvifCaller,
  { token, ipv4, ipv6 }: InterfaceChange,
  cancel: Cancellable,
): Promise<{ readonly rebootNeeded: boolean }> => {
  const settings = argument(
    "NetworkInterface",
    ipv4 &&
      part("IPv4", optional(part, "Enabled", ipv4.enabled), ...addresses(ipv4), optional(part, "DHCP", ipv4.dhcp)),
    ipv6 && writeIpv6(ipv6),
  );
  const given = [argument("InterfaceToken", token), settings];
  const answer = await ask(onvif, { operation: "SetNetworkInterfaces", arguments: given }, cancel);
  return { rebootNeeded: flag(textAt(answer, "RebootNeeded")) ?? false };
};

const writeIpv6 = (ipv6: NonNullable<InterfaceChange["ipv6"]>): XmlNode =>
  part(
    "IPv6",
    optional(part, "Enabled", ipv6.enabled),
    optional(part, "AcceptRouterAdvert", ipv6.acceptsRouterAdvertisements),
    ...addresses(ipv6),
    optional(part, "DHCP", ipv6.dhcp),
  );

const addresses = ({ manual = [] }: Pick<NonNullable<InterfaceChange["ipv4"]>, "manual">): readonly XmlNode[] =>
  manual.map(({ address, prefix }) => part("Manual", part("Address", address), part("PrefixLength", String(prefix))));
