import type { Cancellable } from "@gatehouse/shared";
import { isIPv6 } from "node:net";

import type { XmlNode } from "../../xml/write-xml.ts";
import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, count, entries, flag, optional, part, words } from "./ask.ts";

/** HTTP, HTTPS or RTSP, and whether the camera serves it. */
export interface NetworkProtocol {
  readonly name: string;
  readonly enabled: boolean;
  readonly ports: readonly number[];
}

export const getNetworkProtocols = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly NetworkProtocol[]> =>
  readNetworkProtocols(await ask(onvif, { operation: "GetNetworkProtocols" }, cancel));

export const readNetworkProtocols = (answer: XmlElement): readonly NetworkProtocol[] =>
  entries(answer, "NetworkProtocols").map((protocol) => ({
    name: textAt(protocol, "Name"),
    enabled: flag(textAt(protocol, "Enabled")) ?? false,
    // Axis lists a second port 0 beside 80: no port at all.
    ports: entries(protocol, "Port").flatMap(({ text }) => (count(text) ?? 0) || []).filter((port) => port <= 65_535), // prettier-ignore
  }));

/** Protocols that are not named stay as they are. */
export const setNetworkProtocols = async (
  onvif: OnvifCaller,
  protocols: readonly NetworkProtocol[],
  cancel: Cancellable,
): Promise<void> => {
  const given = protocols.map(({ name, enabled, ports }) =>
    argument(
      "NetworkProtocols",
      part("Name", name),
      part("Enabled", String(enabled)),
      ...ports.map((port) => part("Port", String(port))),
    ),
  );
  await ask(onvif, { operation: "SetNetworkProtocols", arguments: given }, cancel);
};

/** Where a camera sends what is not for its own network; no entry means nowhere. */
export interface DefaultGateway {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

export const getDefaultGateway = async (onvif: OnvifCaller, cancel: Cancellable): Promise<DefaultGateway> =>
  readDefaultGateway(await ask(onvif, { operation: "GetNetworkDefaultGateway" }, cancel));

export const readDefaultGateway = (answer: XmlElement): DefaultGateway => {
  const gateway = find(answer, "NetworkGateway");
  const texts = (name: string): readonly string[] =>
    entries(gateway, name).map(({ text }) => text).filter((text) => !isNowhere(text)); // prettier-ignore
  return { ipv4: texts("IPv4Address"), ipv6: texts("IPv6Address") };
};

/** How cameras write that there is no address. */
const isNowhere = (text: string): boolean => ["", "0.0.0.0", "::"].includes(text);

export const setDefaultGateway = async (
  onvif: OnvifCaller,
  { ipv4, ipv6 }: DefaultGateway,
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    ...ipv4.map((address) => argument("IPv4Address", address)),
    ...ipv6.map((address) => argument("IPv6Address", address)),
  ];
  await ask(onvif, { operation: "SetNetworkDefaultGateway", arguments: given }, cancel);
};

export interface DnsSettings {
  readonly fromDhcp: boolean;
  readonly searchDomains: readonly string[];
  /** What DHCP gave, and what was set by hand. */
  readonly dhcp: readonly string[];
  readonly manual: readonly string[];
}

export const getDns = async (onvif: OnvifCaller, cancel: Cancellable): Promise<DnsSettings> =>
  readDns(await ask(onvif, { operation: "GetDNS" }, cancel));

export const readDns = (answer: XmlElement): DnsSettings => {
  const dns = find(answer, "DNSInformation");
  return {
    fromDhcp: flag(textAt(dns, "FromDHCP")) ?? false,
    searchDomains: entries(dns, "SearchDomain").flatMap(({ text }) => words(text)),
    dhcp: readHosts(dns, "DNSFromDHCP"),
    manual: readHosts(dns, "DNSManual"),
  };
};

export const setDns = async (
  onvif: OnvifCaller,
  { fromDhcp, searchDomains, manual }: Omit<DnsSettings, "dhcp">,
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    argument("FromDHCP", String(fromDhcp)),
    ...searchDomains.map((domain) => argument("SearchDomain", domain)),
    ...manual.map((address) => argument("DNSManual", ...writeAddress(address))),
  ];
  await ask(onvif, { operation: "SetDNS", arguments: given }, cancel);
};

/** Addresses and names in elements of the schema's type IPAddress or NetworkHost. */
export const readHosts = (element: XmlElement | undefined, name: string): readonly string[] =>
  entries(element, name)
    .map((host) => textAt(host, "IPv4Address") || textAt(host, "IPv6Address") || textAt(host, "DNSname"))
    .filter((host) => !isNowhere(host));

export const writeAddress = (address: string): readonly XmlNode[] =>
  isIPv6(address)
    ? [part("Type", "IPv6"), part("IPv6Address", address)]
    : [part("Type", "IPv4"), part("IPv4Address", address)];

/** Whether a camera gives its address a name that the internet can look up. */
export interface DynamicDns {
  /** `NoUpdate`, `ClientUpdates` or `ServerUpdates`, or what else the camera says. */
  readonly type: string;
  readonly name: string;
  /** A duration, as the camera wrote it; empty where it gives none. */
  readonly ttl: string;
}

export const getDynamicDns = async (onvif: OnvifCaller, cancel: Cancellable): Promise<DynamicDns> =>
  readDynamicDns(await ask(onvif, { operation: "GetDynamicDNS" }, cancel));

export const readDynamicDns = (answer: XmlElement): DynamicDns => {
  const dns = find(answer, "DynamicDNSInformation");
  return { type: textAt(dns, "Type"), name: textAt(dns, "Name"), ttl: textAt(dns, "TTL") };
};

export const setDynamicDns = async (onvif: OnvifCaller, dns: DynamicDns, cancel: Cancellable): Promise<void> => {
  const given = [
    argument("Type", dns.type),
    optional(argument, "Name", dns.name || undefined),
    // Axis writes a bare `30` where a duration belongs, and would refuse it if it came back.
    optional(argument, "TTL", dns.ttl.startsWith("P") ? dns.ttl : undefined),
  ];
  await ask(onvif, { operation: "SetDynamicDNS", arguments: given }, cancel);
};

/** Addresses that a camera takes by itself where nobody gives it one (RFC 3927). */
export interface ZeroConfiguration {
  readonly token: string;
  readonly enabled: boolean;
  readonly addresses: readonly string[];
}

export const getZeroConfiguration = async (onvif: OnvifCaller, cancel: Cancellable): Promise<ZeroConfiguration> =>
  readZeroConfiguration(await ask(onvif, { operation: "GetZeroConfiguration" }, cancel));

export const readZeroConfiguration = (answer: XmlElement): ZeroConfiguration => {
  const zero = find(answer, "ZeroConfiguration");
  return {
    token: textAt(zero, "InterfaceToken"),
    enabled: flag(textAt(zero, "Enabled")) ?? false,
    addresses: entries(zero, "Addresses").map(({ text }) => text),
  };
};

export const setZeroConfiguration = async (
  onvif: OnvifCaller,
  { token, enabled }: Pick<ZeroConfiguration, "token" | "enabled">,
  cancel: Cancellable,
): Promise<void> => {
  const given = [argument("InterfaceToken", token), argument("Enabled", String(enabled))];
  await ask(onvif, { operation: "SetZeroConfiguration", arguments: given }, cancel);
};
