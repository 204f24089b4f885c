import { element, escapeXml, SoapFault, type XmlPart } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import type { CameraState } from "../camera-state.ts";
import { readSystem, tag, writeSystem, type Operations } from "./operation.ts";

const protocolNames = ["HTTP", "HTTPS", "RTSP"] as const;

/** Device Management 8.2: what can be reached where, and how the camera gets out. */
export const networkOperations: Operations = {
  GetNetworkProtocols: readSystem(({ state }) =>
    protocolNames
      .map((name) => {
        const { enabled, ports } = state.protocols[name];
        const numbers = ports.map((port) => tag("tt:Port", port));
        return element("tds:NetworkProtocols", tag("tt:Name", name), tag("tt:Enabled", enabled), ...numbers);
      })
      .join(""),
  ),
  SetNetworkProtocols: writeSystem((core, body) => {
    for (const part of body.parts("NetworkProtocols")) setProtocol(core, part);
    core.note("network protocols changed");
    return "";
  }),
  GetNetworkInterfaces: readSystem(networkInterface),
  SetNetworkInterfaces: writeSystem(({ state: { network } }, body) => {
    const [ipv6] = body.parts("IPv6");
    const enabled = ipv6?.text("Enabled");
    if (body.text("InterfaceToken") !== "eth0") throw new SoapFault("ter:InvalidNetworkInterface", "no such interface");
    if (enabled !== undefined) network.ipv6.enabled = enabled === "true";
    return tag("tds:RebootNeeded", false);
  }),
  GetNetworkDefaultGateway: readSystem(({ state: { network } }) =>
    element("tds:NetworkGateway", ...addresses("tt:IPv4Address", "tt:IPv6Address", network.gateways)),
  ),
  SetNetworkDefaultGateway: writeSystem(({ state: { network } }, body) => {
    network.gateways = [...body.texts("IPv4Address"), ...body.texts("IPv6Address")].map(ipAddress);
    return "";
  }),
  GetDNS: readSystem(({ state: { network } }) => hosts("DNS", network.dns)),
  SetDNS: writeSystem(({ state: { network } }, body) => {
    network.dns = { fromDhcp: body.text("FromDHCP") === "true", servers: hostsOf(body, "DNSManual") };
    return "";
  }),
  GetDynamicDNS: readSystem(({ state: { ddns } }) =>
    element(
      "tds:DynamicDNSInformation",
      tag("tt:Type", ddns.type),
      ddns.name === "" ? "" : tag("tt:Name", escapeXml(ddns.name)),
    ),
  ),
  SetDynamicDNS: writeSystem(({ state }, body) => {
    const type = body.text("Type") ?? "";
    if (!isDdnsType(type)) throw new SoapFault("ter:InvalidArgVal", "no such way of updating");
    state.ddns = { type, name: body.text("Name") ?? "" };
    return "";
  }),
  GetZeroConfiguration: readSystem(({ state: { network } }) =>
    element("tds:ZeroConfiguration", tag("tt:InterfaceToken", "eth0"), tag("tt:Enabled", network.zeroConfiguration)),
  ),
  SetZeroConfiguration: writeSystem(({ state: { network } }, body) => {
    network.zeroConfiguration = body.text("Enabled") === "true";
    return "";
  }),
};

const isDdnsType = (type: string): type is CameraState["ddns"]["type"] =>
  ["NoUpdate", "ClientUpdates", "ServerUpdates"].includes(type);

const setProtocol = ({ state }: CameraCore, part: XmlPart): void => {
  const name = protocolNames.find((known) => known === part.text("Name"));
  if (name === undefined) throw new SoapFault("ter:ServiceNotSupported", "no such protocol");
  const ports = part.texts("Port").map(Number);
  if (ports.some((port) => !Number.isInteger(port) || port < 0 || port > 65_535)) {
    throw new SoapFault("ter:InvalidArgVal", "not a port");
  }
  const usable = ports.filter((port) => port !== 0);
  const enabled = part.text("Enabled") === "true";
  // Device Management: an HTTPS server needs a certificate.
  if (name === "HTTPS" && enabled && state.tls.assigned.length === 0) {
    throw new SoapFault("ter:EnablingTlsFailed", "no certificate is assigned to the TLS server");
  }
  state.protocols[name] = { enabled, ports: usable.length > 0 ? usable : state.protocols[name].ports };
};

const addresses = (v4: string, v6: string, list: readonly string[]): string[] =>
  list.map((address) => (address.includes(":") ? tag(v6, address) : tag(v4, address)));

const ipAddress = (text: string): string => {
  if (!/^[\d.]{7,15}$|^[\da-fA-F:.]{2,45}$/.test(text)) throw new SoapFault("ter:InvalidIPv4Address", "not an address");
  return text;
};

/** A DNS or NTP setting: servers by hand or by DHCP. */
export const hosts = (
  kind: "DNS" | "NTP",
  { fromDhcp, servers }: { readonly fromDhcp: boolean; readonly servers: readonly string[] },
): string =>
  element(
    `tds:${kind}Information`,
    tag("tt:FromDHCP", fromDhcp),
    ...servers.map((server) => element(`tt:${kind}${fromDhcp ? "FromDHCP" : "Manual"}`, host(server))),
  );

const host = (name: string): string => {
  if (/^[\d.]+$/.test(name)) return tag("tt:Type", "IPv4") + tag("tt:IPv4Address", name);
  if (name.includes(":")) return tag("tt:Type", "IPv6") + tag("tt:IPv6Address", name);
  return tag("tt:Type", "DNS") + tag("tt:DNSname", escapeXml(name));
};

export const hostsOf = (body: XmlPart, name: string): string[] =>
  body
    .parts(name)
    .map((part) => part.text("IPv4Address") ?? part.text("IPv6Address") ?? part.text("DNSname") ?? "")
    .filter((server) => server !== "");

function networkInterface({ address, state: { identity, network, wireless } }: CameraCore): string {
  const { ipv6, prefix } = network;
  const global = element("tt:FromRA", tag("tt:Address", ipv6.global), tag("tt:PrefixLength", 64));
  return element(
    `tds:NetworkInterfaces token="eth0"`,
    tag("tt:Enabled", true),
    element("tt:Info", tag("tt:Name", "eth0"), tag("tt:HwAddress", identity.mac), tag("tt:MTU", 1_500)),
    element(
      "tt:IPv4",
      tag("tt:Enabled", true),
      element(
        "tt:Config",
        element("tt:Manual", tag("tt:Address", address), tag("tt:PrefixLength", prefix)),
        tag("tt:DHCP", false),
      ),
    ),
    element(
      "tt:IPv6",
      tag("tt:Enabled", ipv6.enabled),
      element(
        "tt:Config",
        tag("tt:AcceptRouterAdvert", ipv6.enabled),
        tag("tt:DHCP", "Off"),
        element("tt:LinkLocal", tag("tt:Address", "fe80::4619:b6ff:fe3e:baa1"), tag("tt:PrefixLength", 64)),
        ipv6.enabled ? global : "",
      ),
    ),
    wireless === undefined ? "" : element("tt:Extension", tag("tt:InterfaceType", 71), dot11(wireless)),
  );
}

const dot11 = ({ ssid, mode, cipher }: NonNullable<CameraState["wireless"]>): string =>
  element(
    "tt:Dot11",
    tag("tt:SSID", Buffer.from(ssid).toString("hex")),
    tag("tt:Mode", "Infrastructure"),
    tag("tt:Alias", "wlan0"),
    tag("tt:Priority", 1),
    element("tt:Security", tag("tt:Mode", mode), mode === "PSK" ? tag("tt:Algorithm", cipher) : ""),
  );
