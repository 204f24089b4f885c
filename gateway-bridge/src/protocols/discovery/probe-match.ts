import { find, findAll, textAt } from "../xml/xml-element.ts";
import { parseXml } from "../xml/parse-xml.ts";

/** What a device says of itself when it is probed. All of it is a claim. */
export interface ProbeMatch {
  /** The device's endpoint reference: a URN that stays the same; never empty. */
  readonly endpoint: string;
  /** Device service addresses that are URLs at all, in the device's order. */
  readonly addresses: readonly URL[];
  /** Local names: `NetworkVideoTransmitter`, `Device`. */
  readonly types: readonly string[];
  /** From the scopes; empty where it gives none. */
  readonly name: string;
  readonly hardware: string;
}

export interface ProbeAnswer {
  /** The message that this answers (WS-Addressing RelatesTo). */
  readonly relatesTo: string;
  readonly matches: readonly ProbeMatch[];
}

const mostMatches = 32;
const mostAddresses = 8;
const longestText = 256;

/**
 * Reads one datagram that should hold ProbeMatches (WS-Discovery 5.3).
 * Total: throws `camera-answer-malformed` for what is no XML; anything else that is amiss is left out.
 */
export const readProbeAnswer = (datagram: Uint8Array): ProbeAnswer => {
  const envelope = parseXml(datagram);
  const matches = findAll(find(envelope, "Body", "ProbeMatches"), "ProbeMatch").slice(0, mostMatches);
  return {
    relatesTo: textAt(envelope, "Header", "RelatesTo"),
    matches: matches.flatMap((match): ProbeMatch[] => {
      const endpoint = line(textAt(match, "EndpointReference", "Address"));
      if (endpoint === "") return [];
      const scopes = words(textAt(match, "Scopes"));
      return [
        {
          endpoint,
          addresses: words(textAt(match, "XAddrs")).slice(0, mostAddresses).flatMap(httpUrl),
          types: words(textAt(match, "Types")).slice(0, 8).map((type) => type.slice(type.indexOf(":") + 1)), // prettier-ignore
          name: scope(scopes, "name"),
          hardware: scope(scopes, "hardware"),
        },
      ];
    }),
  };
};

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

const httpUrl = (text: string): URL[] => {
  if (text.length > 2_048 || !URL.canParse(text)) return [];
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) && url.hostname !== "" ? [url] : [];
};

/** `onvif://www.onvif.org/name/Front%20door` gives `Front door`. */
const scope = (scopes: readonly string[], kind: string): string => {
  const prefix = `onvif://www.onvif.org/${kind}/`;
  const found = scopes.find((one) => one.toLowerCase().startsWith(prefix));
  return found === undefined ? "" : line(unescaped(found.slice(prefix.length)));
};

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const line = (text: string): string => text.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, longestText); // prettier-ignore
