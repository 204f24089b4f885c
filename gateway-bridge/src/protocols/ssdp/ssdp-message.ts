/** What a device says of one of its services by SSDP. All of it is a claim. UPnP Device Architecture 1.1, 1.2.2 and 1.3.3 */
export interface SsdpMessage {
  /** An answer to a search, or what it says by itself: that it is there, that it goes. */
  readonly kind: "answer" | "alive" | "byebye";
  /** What it is: `urn:schemas-upnp-org:device:Basic:1`. */
  readonly type: string;
  /** Which one it is: `uuid:...::urn:...`. */
  readonly usn: string;
  /** Where it describes itself, as it wrote it; empty where it says nothing. */
  readonly location: string;
  /** Which software it is; empty where it says nothing. */
  readonly server: string;
}

/** More than fits into what a network carries in one piece; real ones are under 500 bytes. */
const longest = 4_096;
const longestText = 512;

/** Reads one datagram. Total: undefined for what is no SSDP message of a device. */
export const readSsdpMessage = (datagram: Buffer): SsdpMessage | undefined => {
  if (datagram.length > longest) return undefined;
  const [first = "", ...lines] = datagram.toString("latin1").split(/\r?\n/, 64);
  const headers = headersOf(lines);
  const kind = kindOf(first, headers);
  if (kind === undefined) return undefined;
  const type = headers.get(kind === "answer" ? "st" : "nt") ?? "";
  if (type === "") return undefined;
  return {
    kind,
    type,
    usn: headers.get("usn") ?? "",
    location: headers.get("location") ?? "",
    server: headers.get("server") ?? "",
  };
};

/** The first of a name counts. */
const headersOf = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, plain(line.slice(colon + 1)));
  }
  return headers;
};

/** One line, which can be shown and logged. */
const plain = (text: string): string => text.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, longestText); // prettier-ignore

const kindOf = (first: string, headers: ReadonlyMap<string, string>): SsdpMessage["kind"] | undefined => {
  if (/^HTTP\/1\.[01] +200\b/i.test(first)) return "answer";
  if (!/^NOTIFY +\* +HTTP\/1\.[01]/i.test(first)) return undefined;
  const nts = headers.get("nts")?.toLowerCase();
  return nts === "ssdp:alive" ? "alive" : nts === "ssdp:byebye" ? "byebye" : undefined;
};
