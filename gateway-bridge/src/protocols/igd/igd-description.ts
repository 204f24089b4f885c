import { GatehouseError } from "@gatehouse/shared";

import { parseXml } from "../xml/parse-xml.ts";
import { descendants, findAll, textAt, type XmlElement } from "../xml/xml-element.ts";

/** A service of a router by which it tells about its mappings, or about its IPv6 firewall. */
export interface IgdService {
  /** The service's type as the router wrote it, which each call repeats. */
  readonly type: string;
  readonly kind: "mappings" | "ipv6-firewall";
  readonly version: 1 | 2;
  /** Where it is called: at the very host that the description came from. */
  readonly control: URL;
}

/** What a router says of itself. Texts are one line of at most 128 signs. */
export interface IgdDescription {
  readonly version: "1" | "2";
  readonly name: string;
  /** The router's own page, where it names one on itself. */
  readonly page: URL | null;
  readonly services: readonly IgdService[];
}

export const longestDescriptionBytes = 256 * 1024;
const mostServices = 8;
const longestText = 128;

const serviceTypes: readonly (readonly [pattern: RegExp, kind: IgdService["kind"]])[] = [
  [/^urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:([12])$/, "mappings"],
  [/^urn:schemas-upnp-org:service:WANIPv6FirewallControl:(1)$/, "ipv6-firewall"],
];
const gatewayType = /^urn:schemas-upnp-org:device:InternetGatewayDevice:([12])$/;

/**
 * Reads the description that was fetched from `at`. A service that would be called at another host, or not by plain HTTP, is left out.
 * @returns undefined where it describes no Internet Gateway Device
 * @throws GatehouseError `router-answer-malformed`
 */
export const readDescription = (document: Buffer, at: URL): IgdDescription | undefined => {
  const root = parseRouterXml(document, longestDescriptionBytes);
  const devices = [...descendants(root)].filter(({ name }) => name === "device");
  const gateway = devices.find((device) => gatewayType.test(textAt(device, "deviceType")));
  const version = gatewayType.exec(textAt(gateway, "deviceType"))?.[1];
  if (gateway === undefined || (version !== "1" && version !== "2")) return undefined;
  const base = baseOf(root, at);
  const name = [textAt(gateway, "friendlyName"), textAt(gateway, "modelName")].map(line).find((each) => each !== "");
  return {
    version,
    name: name ?? at.hostname,
    page: ownUrl(textAt(gateway, "presentationURL"), base, at) ?? null,
    services: [...descendants(gateway)].flatMap((each) => serviceOf(each, base, at)).slice(0, mostServices),
  };
};

/**
 * XML that a router sent. Some end it with a zero byte.
 * @throws GatehouseError `router-answer-malformed` where it is none, or longer than it may be
 */
export const parseRouterXml = (document: Buffer, limit: number): XmlElement => {
  if (document.length > limit) throw malformed(`it is longer than ${limit} bytes`);
  const end = document.indexOf(0);
  const text = document.toString("utf8", 0, end < 0 ? document.length : end);
  try {
    return parseXml(text.replace(/^\ufeff?\s*/, ""));
  } catch (cause) {
    throw malformed("it is not the XML that it should be", cause);
  }
};

const malformed = (why: string, cause?: unknown): GatehouseError =>
  new GatehouseError("router-answer-malformed", `the router's answer cannot be read: ${why}`, { cause });

const serviceOf = (element: XmlElement, base: URL, at: URL): IgdService[] => {
  if (element.name !== "service") return [];
  const type = textAt(element, "serviceType");
  const control = ownUrl(textAt(element, "controlURL"), base, at);
  for (const [pattern, kind] of serviceTypes) {
    const version = pattern.exec(type)?.[1];
    if (version !== undefined && control !== undefined) {
      return [{ type, kind, version: version === "1" ? 1 : 2, control }];
    }
  }
  return [];
};

/** UPnP 1.0 lets a description say what its addresses are relative to. Elsewhere that may not be. */
const baseOf = (root: XmlElement, at: URL): URL => ownUrl(findAll(root, "URLBase")[0]?.text ?? "", at, at) ?? at;

/** An address that the router gave, if it is plain HTTP at the host that it was given by. */
export const ownUrl = (text: string, base: URL, at: URL): URL | undefined => {
  if (text === "" || text.length > 512 || !URL.canParse(text, base.href)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== "http:" || url.hostname !== at.hostname) return undefined;
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
};

/** One line that can be shown. */
export const line = (text: string): string =>
  text.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, longestText); // prettier-ignore
