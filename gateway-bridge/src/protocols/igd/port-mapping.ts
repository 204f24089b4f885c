import { findAll, textAt, type XmlElement } from "../xml/xml-element.ts";
import { line, parseRouterXml } from "./igd-description.ts";

/** A mapping as a router tells it. */
export interface PortMapping {
  readonly protocol: "TCP" | "UDP";
  /** Whom outside it is for; empty for everybody. */
  readonly remoteHost: string;
  readonly externalPort: number;
  /** Mostly an address; whatever the router wrote, one line. */
  readonly internalClient: string;
  readonly internalPort: number;
  readonly description: string;
  /** Seconds left; 0 for good. */
  readonly lease: number;
  readonly enabled: boolean;
}

/** By which a router tells mappings apart. WANIPConnection:2 2.3.1 */
export type MappingKey = Pick<PortMapping, "protocol" | "remoteHost" | "externalPort">;

export const keyOf = ({ protocol, remoteHost, externalPort }: MappingKey): string =>
  JSON.stringify([protocol, remoteHost, externalPort]);

export const longestListBytes = 512 * 1024;

/**
 * Of the outputs of GetGenericPortMappingEntry, or of GetSpecificPortMappingEntry, which leaves out the key.
 * @returns undefined where it is no mapping
 */
export const readMapping = (outputs: XmlElement, key?: MappingKey): PortMapping | undefined =>
  toMapping((name) => textAt(outputs, `New${name}`), key);

/**
 * Of the NewPortListing of GetListOfPortMappings, which is a document of its own: WANIPConnection:2 2.3.30. It holds an undefined for each entry that
 * cannot be read.
 * @throws GatehouseError `router-answer-malformed`
 */
export const readMappingList = (outputs: XmlElement): readonly (PortMapping | undefined)[] => {
  const text = textAt(outputs, "NewPortListing");
  if (text === "") return [];
  const list = parseRouterXml(Buffer.from(text), longestListBytes);
  return findAll(list, "PortMappingEntry").map((entry) =>
    toMapping((name) => textAt(entry, listNames[name] ?? `New${name}`)),
  );
};

const listNames: Readonly<Record<string, string>> = {
  PortMappingDescription: "NewDescription",
  LeaseDuration: "NewLeaseTime",
};

const toMapping = (text: (name: string) => string, key?: MappingKey): PortMapping | undefined => {
  const protocol = key?.protocol ?? text("Protocol").toUpperCase();
  const externalPort = key?.externalPort ?? number(text("ExternalPort"), 65_535);
  const internalPort = number(text("InternalPort"), 65_535);
  const internalClient = line(text("InternalClient"));
  if (protocol !== "TCP" && protocol !== "UDP") return undefined;
  if (externalPort === undefined || internalPort === undefined || internalClient === "") return undefined;
  return {
    protocol,
    externalPort,
    internalPort,
    internalClient,
    remoteHost: key?.remoteHost ?? line(text("RemoteHost")),
    description: line(text("PortMappingDescription")),
    lease: number(text("LeaseDuration"), 2 ** 32 - 1) ?? 0,
    // Only what says so is off: what is not understood may let somebody in.
    enabled: !["0", "false", "no"].includes(text("Enabled").toLowerCase()),
  };
};

const number = (text: string, most: number): number | undefined => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return value <= most ? value : undefined;
};
