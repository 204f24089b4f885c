import { X509Certificate } from "node:crypto";

import { faces } from "../brands.ts";
import type { FleetCamera } from "../fleet-camera.ts";
import { pinOf, servedIdentity } from "../tls-keys.ts";
import type { WeaknessId } from "../weaknesses.ts";
import { Stranger, type Login } from "./stranger.ts";

/** Whether a weakness can be seen from the network. */
type Look = (camera: FleetCamera, stranger: Stranger, login: Login) => Promise<boolean>;

const has = (text: string, ...parts: readonly (string | RegExp)[]): boolean =>
  parts.every((part) => (typeof part === "string" ? text.includes(part) : part.test(text)));
const opens =
  (port: (camera: FleetCamera) => number | undefined, says: RegExp | undefined): Look =>
  async (camera, stranger) => {
    const number = port(camera);
    const said = number === undefined ? undefined : await stranger.banner(number, says !== undefined);
    return said !== undefined && (says === undefined || says.test(said));
  };
const asks =
  (operation: string, weak: (body: string) => boolean, args = ""): Look =>
  async (_camera, stranger, login) => {
    const { status, body } = await stranger.soap("device", operation, args, login);
    if (status !== 200) throw new Error(`${operation}: ${status} ${body}`);
    return weak(body);
  };
const faceOf = ({ facts }: FleetCamera) => faces[facts.brand];
/** Somebody in its own network, where that has a prefix of 24 bits. */
const neighbourOf = ({ facts }: FleetCamera): string => facts.address.replace(/\d+$/, "255");

const probe = Buffer.from(
  `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><MessageID>uuid:1</MessageID></e:Header>` +
    `<e:Body><d:Probe xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"/></e:Body></e:Envelope>`,
);
const search = Buffer.from(
  'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n',
);
/** RFC 1157: a get request of version 1 for sysDescr.0, by `public`. */
const getSysDescr = Buffer.from(
  "302902010004067075626c6963a01c02041f2e3d4c020100020100300e300c06082b060102010101000500",
  "hex",
);

/** Of each weakness how somebody who is not the gateway sees it. */
export const looks: Readonly<Partial<Record<WeaknessId, Look>>> = {
  "ONVIF-ANON-READ": async (_, stranger) => (await stranger.soap("device", "GetDeviceInformation")).status === 200,
  "ONVIF-ANON-SECRET": async (_, stranger) => (await stranger.soap("device", "GetUsers")).status === 200,
  "ONVIF-REPLAY": async ({ facts, truth }, stranger, login) => {
    // Where strangers are answered, nobody looks at a token.
    const name = truth["ONVIF-ANON-SECRET"] === "weak" ? "GetDeviceInformation" : "GetUsers";
    const operation = `<o:${name} xmlns:o="http://www.onvif.org/ver10/device/wsdl"/>`;
    const send = async (token: string): Promise<number> =>
      (await stranger.web("POST", facts.onvifUrl, { body: stranger.envelope(operation, token) })).status;
    const token = stranger.token(login);
    const [first, second, old] = [await send(token), await send(token), await send(stranger.token(login, 3_600_000))];
    if (first !== 200 || (second === 200) !== (old === 200)) throw new Error(`${first}, ${second}, ${old}`);
    return second === 200;
  },
  "RTSP-ANON": async (camera, stranger) => {
    const { main, other } = faceOf(camera).routes;
    for (const path of [main, other, "/0x8b6c42"]) if ((await stranger.describe(path)).status === 200) return true;
    return false;
  },
  "RTSP-BASIC": async (camera, stranger) =>
    (await stranger.describe(faceOf(camera).routes.main)).challenges.some((text) => text.startsWith("Basic")),
  "RTSP-MD5": async (camera, stranger) =>
    (await stranger.describe(faceOf(camera).routes.main)).challenges.every((text) => !text.includes("SHA-256")),
  "HTTP-SNAP-ANON": async ({ facts }, stranger) => (await stranger.web("GET", facts.snapshotUrl)).type === "image/jpeg",
  "NET-TELNET": opens((camera) => faceOf(camera).telnetPort, /login: $/),
  "NET-FTP": opens(() => 21, /^220 /),
  "NET-SSH": opens(() => 22, /^SSH-2\.0-/),
  "NET-HTTP": opens((camera) => faceOf(camera).onvifPort, undefined),
  "NET-HTTPS-OFF": async (_, stranger) => (await stranger.banner(443, false)) === undefined,
  "NET-VENDORPORT": opens((camera) => faceOf(camera).vendorPort, undefined),
  "NET-SNMP": async (_, stranger) =>
    has((await stranger.datagram(161, getSysDescr))?.toString("latin1") ?? "", "Linux"),
  "NET-DEBUG": opens((camera) => faceOf(camera).debugPort, undefined),
  "TLS-WEAK": async (camera, stranger) => {
    const served = servedIdentity(camera.state.tls)!;
    const certificate = new X509Certificate(served.cert);
    return (
      (await stranger.speaksTls(443, "TLSv1")) ||
      (certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 4_096) < 2_048 ||
      certificate.validToDate.getTime() < Date.now() ||
      certificate.signatureAlgorithm === "sha1WithRSAEncryption"
    );
  },
  "TLS-PIN-CHANGED": async (camera) => pinOf(servedIdentity(camera.state.tls)!.key) !== camera.facts.pin,
  "DISC-ON": async (camera, stranger) => (await stranger.datagram(3_702, probe, neighbourOf(camera))) !== undefined,
  "DISC-WAN": async (camera, stranger) => {
    const neighbour = () => stranger.datagram(3_702, probe, neighbourOf(camera));
    return (await stranger.datagram(3_702, probe, "127.0.0.1", neighbour)) !== undefined;
  },
  "DISC-INFO": async (camera, stranger) => {
    const { state, facts } = camera;
    const page = await stranger.web("GET", new URL("/", facts.onvifUrl).href);
    const scopes = (await stranger.datagram(3_702, probe, neighbourOf(camera)))?.toString() ?? "";
    const found = (await stranger.datagram(1_900, search))?.toString() ?? "";
    return [page.body, scopes, found].some((text) => has(text, state.identity.serial)) || has(page.server, /\/.*\d/);
  },
  "CAM-UPNP": async (_, stranger) =>
    has((await stranger.datagram(1_900, search))?.toString() ?? "", "LOCATION: http://"),
  "CAM-DDNS": asks("GetDynamicDNS", (body) => !has(body, "NoUpdate")),
  CALLSTRANGER: async ({ facts }, stranger) => {
    const headers = { callback: "<http://192.168.44.5:8000/>", nt: "upnp:event", timeout: "Second-300" };
    return (await stranger.web("SUBSCRIBE", `http://${facts.address}:49152/event`, { headers })).status === 200;
  },
  "WAN-IPV6": asks("GetNetworkInterfaces", (body) => has(body, ">2a02:")),
  EGRESS: asks("GetNetworkDefaultGateway", (body) => has(body, "IPv4Address")),
  TIME: async (_, stranger) => {
    const { body } = await stranger.soap("device", "GetSystemDateAndTime");
    const part = (name: string): number => Number(new RegExp(`<tt:${name}>(\\d+)<`).exec(body)?.[1]);
    const shown = Date.UTC(part("Year"), part("Month") - 1, part("Day"), part("Hour"), part("Minute"), part("Second"));
    return Math.abs(shown - Date.now()) > 60_000;
  },
  "LOCKOUT-OFF": asks("GetAuthFailureWarningConfiguration", (body) => has(body, "<tds:Enabled>false")),
  IPFILTER: asks("GetIPAddressFilter", (body) => !has(body, "IPv4Address")),
  "CAM-USERS-EXTRA": asks("GetUsers", (body) => has(body, ">support<")),
  "WIFI-WEAK": asks("GetNetworkInterfaces", (body) => has(body, "<tt:Security>") && !has(body, "CCMP")),
  "WIFI-DEFAULT-SSID": async (_, stranger, login) => {
    const { body } = await stranger.soap(
      "device",
      "GetDot11Status",
      "<o:InterfaceToken>eth0</o:InterfaceToken>",
      login,
    );
    const [, ssid = ""] = /<tt:SSID>(\w+)</.exec(body) ?? [];
    return Buffer.from(ssid, "hex").toString().startsWith("TP-LINK_");
  },
};
