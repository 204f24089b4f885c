import { BlockList, isIP } from "node:net";

/** An address that a camera gave us. */
export interface CameraUri {
  readonly text: string;
  /** `service`: where SOAP goes (an XAddr, a subscription). `snapshot`: a picture. `stream`: RTSP. */
  readonly use: "service" | "snapshot" | "stream";
  /** The camera's own device service, as the owner gave or confirmed it. */
  readonly device: URL;
}

/**
 * `use` always has the device's own host. A service is forced there whatever the camera wrote. Media whose address is on
 * the internet, or has a name that is not local, is `foreign`: it does not come from this camera, so there is nothing to repair.
 */
export type CameraUriDecision =
  | { readonly kind: "use"; readonly url: URL }
  | { readonly kind: "foreign"; readonly host: string }
  | { readonly kind: "malformed" };

const longestUri = 2_048;
const schemes = { service: ["http:", "https:"], snapshot: ["http:", "https:"], stream: ["rtsp:", "rtsps:"] } as const;

export const decideCameraUri = ({ text, use, device }: CameraUri): CameraUriDecision => {
  if (text.length > longestUri) return { kind: "malformed" };
  const repaired = repair(text, use, device);
  if (!URL.canParse(repaired)) return { kind: "malformed" };
  const url = new URL(repaired);
  if (!schemes[use].some((scheme) => scheme === url.protocol) || url.hostname === "") return { kind: "malformed" };
  const own = url.hostname.toLowerCase() === device.hostname;
  if (!own && use !== "service" && !isLocal(url.hostname)) return { kind: "foreign", host: url.host };
  url.username = "";
  url.password = "";
  url.hash = "";
  url.hostname = device.hostname;
  if (use !== "stream") return { kind: "use", url: onDevice(url, { own, device }) };
  return { kind: "use", url };
};

/**
 * SOAP and snapshots are asked by the scheme of the device service, so that a pinned camera cannot call us off TLS and an
 * unpinned one not onto it. A port is believed where it goes with that scheme, except that another address without a
 * port is most likely the camera's view from behind a port forwarding.
 */
const onDevice = (url: URL, { own, device }: { readonly own: boolean; readonly device: URL }): URL => {
  const believed = url.protocol === device.protocol && (own || url.port !== "");
  const result = new URL(device.origin);
  result.port = believed ? url.port : device.port;
  result.pathname = url.pathname;
  result.search = url.search;
  return result;
};

/** What firmware writes in place of an address, made into the one that it meant. */
const repair = (text: string, use: CameraUri["use"], device: URL): string => {
  const scheme = use === "stream" ? "rtsp" : "http";
  let uri = text.trim().replace(/[\s\p{C}]/gu, "");
  if (/^\/(?!\/)/.test(uri)) uri = (use === "stream" ? `rtsp://${device.hostname}` : device.origin) + uri;
  uri = uri.replace(/^(\w+:\/\/)(?:\w+:\/\/)+/, "$1");
  if (/^[\w.-]+(?::\d+)?(?:\/|$)/.test(uri)) uri = `${scheme}://${uri}`;
  uri = uri.replace(/^(\w+:\/\/(?:[^/@]*@)?)::ffff:(\d+\.\d+\.\d+\.\d+)/i, "$1$2");
  return uri.replace(/^(\w+:\/\/(?:[^/@]*@)?[^/:[\]@]+:\d+)(?::\d+)+(?=[/?]|$)/, "$1");
};

const localNetworks = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  localNetworks.addSubnet(network, prefix, "ipv4");
}
localNetworks.addSubnet("fc00::", 7, "ipv6");
localNetworks.addSubnet("fe80::", 10, "ipv6");
localNetworks.addAddress("::1", "ipv6");
localNetworks.addAddress("::", "ipv6");

/** Whether this can be another of the camera's own addresses: private, or a name that only a home network knows. */
const isLocal = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, "");
  const family = isIP(bare);
  if (family !== 0) return localNetworks.check(bare, family === 4 ? "ipv4" : "ipv6");
  return !bare.includes(".") || /\.(?:local|lan|home|internal|home\.arpa)$/i.test(bare);
};
