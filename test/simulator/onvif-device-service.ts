import { element, escapeXml, type SoapOperations } from "./soap.ts";

export interface DeviceInfo {
  readonly id: string;
  readonly host: string;
  /** `http://127.0.0.1:8080`, without a path. */
  readonly origin: string;
  /** The camera's own clock. */
  readonly now: () => number;
}

export const servicePaths = {
  device: "/onvif/device_service",
  media: "/onvif/media_service",
  events: "/onvif/event_service",
} as const;

export const manufacturer = "Gatehouse";
export const model = "Camera simulator";

const services = [
  ["http://www.onvif.org/ver10/device/wsdl", servicePaths.device],
  ["http://www.onvif.org/ver10/media/wsdl", servicePaths.media],
  ["http://www.onvif.org/ver10/events/wsdl", servicePaths.events],
] as const;

/** What the camera says of itself in GetScopes and in WS-Discovery. */
export const scopes = ({ id }: Pick<DeviceInfo, "id">): string[] =>
  [
    "type/video_encoder",
    "type/Network_Video_Transmitter",
    "Profile/Streaming",
    `hardware/${model}`,
    `name/${manufacturer} ${id}`,
    "location/simulated",
  ].map((scope) => `onvif://www.onvif.org/${encodeURI(scope)}`);

/** The Device Management service, as far as viewers need it. */
export const deviceOperations = (info: DeviceInfo): SoapOperations => ({
  GetSystemDateAndTime: () => systemDateAndTime(info.now()),
  GetDeviceInformation: () =>
    [
      `<tds:Manufacturer>${manufacturer}</tds:Manufacturer><tds:Model>${model}</tds:Model>`,
      `<tds:FirmwareVersion>1.10</tds:FirmwareVersion><tds:SerialNumber>${escapeXml(info.id)}</tds:SerialNumber>`,
      `<tds:HardwareId>simulator</tds:HardwareId>`,
    ].join(""),
  GetServices: () =>
    services
      .map(([namespace, path]) =>
        element(
          "tds:Service",
          `<tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${info.origin}${path}</tds:XAddr>`,
          `<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version>`,
        ),
      )
      .join(""),
  GetServiceCapabilities: () =>
    `<tds:Capabilities><tds:Network/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System/></tds:Capabilities>`,
  GetCapabilities: () => capabilities(info.origin),
  GetScopes: () =>
    scopes(info)
      .map((scope) => element("tds:Scopes", `<tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${scope}</tt:ScopeItem>`))
      .join(""),
  GetHostname: () =>
    element("tds:HostnameInformation", `<tt:FromDHCP>false</tt:FromDHCP><tt:Name>${escapeXml(info.id)}</tt:Name>`),
  GetNetworkInterfaces: () => networkInterface(info.host),
  GetNetworkProtocols: () =>
    protocol(new URL(info.origin).protocol === "https:" ? "HTTPS" : "HTTP", Number(new URL(info.origin).port)),
  GetNetworkDefaultGateway: () =>
    `<tds:NetworkGateway><tt:IPv4Address>${info.host}</tt:IPv4Address></tds:NetworkGateway>`,
  GetDNS: () => `<tds:DNSInformation><tt:FromDHCP>false</tt:FromDHCP></tds:DNSInformation>`,
  GetNTP: () => `<tds:NTPInformation><tt:FromDHCP>false</tt:FromDHCP></tds:NTPInformation>`,
});

/** Open to strangers (ONVIF Core, access class PRE_AUTH). */
export const openOperations: ReadonlySet<string> = new Set([
  "GetSystemDateAndTime",
  "GetServices",
  "GetServiceCapabilities",
  "GetCapabilities",
  "GetHostname",
]);

const systemDateAndTime = (at: number): string => {
  const now = new Date(at);
  const number = (name: string, value: number): string => `<tt:${name}>${value}</tt:${name}>`;
  const time = [number("Hour", now.getUTCHours()), number("Minute", now.getUTCMinutes())];
  const date = [number("Year", now.getUTCFullYear()), number("Month", now.getUTCMonth() + 1)];
  const utc = [
    element("tt:Time", ...time, number("Second", now.getUTCSeconds())),
    element("tt:Date", ...date, number("Day", now.getUTCDate())),
  ].join("");
  return element(
    "tds:SystemDateAndTime",
    `<tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>`,
    `<tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>`,
    element("tt:UTCDateTime", utc),
    element("tt:LocalDateTime", utc),
  );
};

const capabilities = (origin: string): string =>
  element(
    "tds:Capabilities",
    `<tt:Device><tt:XAddr>${origin}${servicePaths.device}</tt:XAddr></tt:Device>`,
    `<tt:Events><tt:XAddr>${origin}${servicePaths.events}</tt:XAddr>`,
    `<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>`,
    `<tt:WSPullPointSupport>true</tt:WSPullPointSupport>`,
    `<tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>`,
    `<tt:Media><tt:XAddr>${origin}${servicePaths.media}</tt:XAddr><tt:StreamingCapabilities>`,
    `<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>false</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>`,
    `</tt:StreamingCapabilities></tt:Media>`,
  );

const networkInterface = (host: string): string =>
  element(
    `tds:NetworkInterfaces token="eth0"`,
    `<tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>02:00:00:00:00:01</tt:HwAddress></tt:Info>`,
    `<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>${host}</tt:Address>`,
    `<tt:PrefixLength>24</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4>`,
  );

const protocol = (name: string, port: number): string =>
  element("tds:NetworkProtocols", `<tt:Name>${name}</tt:Name><tt:Enabled>true</tt:Enabled><tt:Port>${port}</tt:Port>`);
