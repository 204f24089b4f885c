import { escapeXml } from "../../xml/write-xml.ts";

/** What a router in a test holds: `TCP 20554 192.168.1.20:554`. */
export interface ScriptedMapping {
  readonly protocol: "TCP" | "UDP";
  readonly externalPort: number;
  readonly to: string;
  readonly remoteHost?: string;
  readonly description?: string;
  readonly lease?: number;
  readonly enabled?: string;
}

/** An answer to an action: its outputs, an error of a code, or any bytes. */
export type Reaction =
  | { readonly outputs: Readonly<Record<string, string>> }
  | { readonly error: number }
  | { readonly raw: Buffer | string; readonly status?: number };

export const outputsOf = (mapping: ScriptedMapping): Readonly<Record<string, string>> => {
  const [client = "", port = ""] = mapping.to.split(":");
  return {
    NewRemoteHost: mapping.remoteHost ?? "",
    NewExternalPort: String(mapping.externalPort),
    NewProtocol: mapping.protocol,
    NewInternalPort: port,
    NewInternalClient: client,
    NewEnabled: mapping.enabled ?? "1",
    NewPortMappingDescription: mapping.description ?? "",
    NewLeaseDuration: String(mapping.lease ?? 0),
  };
};

const envelope = (content: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${content}</s:Body></s:Envelope>`;

export const writeReaction = (
  action: string,
  reaction: Reaction,
): { readonly status: number; readonly text: Buffer | string } => {
  if ("raw" in reaction) return { status: reaction.status ?? 200, text: reaction.raw };
  if ("error" in reaction) {
    const error = `<errorCode>${reaction.error}</errorCode><errorDescription>No ${reaction.error}</errorDescription>`;
    const detail = `<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">${error}</UPnPError>`;
    const fault = `<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>${detail}</detail>`;
    return { status: 500, text: envelope(`<s:Fault>${fault}</s:Fault>`) };
  }
  const outputs = Object.entries(reaction.outputs).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return { status: 200, text: envelope(`<u:${action}Response xmlns:u="x">${outputs.join("")}</u:${action}Response>`) };
};

/** As routers describe themselves: the service lies two devices down. */
export const describeRouter = ({
  version = 1,
  firewall,
  base = "",
  control = "/ctl",
}: { version?: 1 | 2; firewall?: unknown; base?: string; control?: string } = {}): string => {
  const device = (type: string, content: string): string =>
    `<device><deviceType>urn:schemas-upnp-org:device:${type}</deviceType>${content}</device>`;
  const service = (type: string, url: string): string =>
    `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType><controlURL>${url}</controlURL></service>`;
  const services =
    service(`WANIPConnection:${version}`, control) +
    (firewall === undefined ? "" : service("WANIPv6FirewallControl:1", "/ctl6"));
  const connection = device(`WANConnectionDevice:${version}`, `<serviceList>${services}</serviceList>`);
  const wan = device(`WANDevice:${version}`, `<deviceList>${connection}</deviceList>`);
  const names = "<friendlyName>A  router\n&amp; more</friendlyName><presentationURL>/page</presentationURL>";
  const root = device(`InternetGatewayDevice:${version}`, `${names}<deviceList>${wan}</deviceList>`);
  return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">${base}${root}</root>`;
};
