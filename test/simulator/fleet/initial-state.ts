import { createHash } from "node:crypto";

import { faces, type Brand, type Build, type Face, type Firmware } from "./brands.ts";
import type { Account, CameraState, Plane, TlsState, UserLevel, Wireless } from "./camera-state.ts";
import { makeTls, type TlsFlaw } from "./tls-keys.ts";
import type { Weaknesses, WeaknessId } from "./weaknesses.ts";

export interface InitialState {
  readonly address: string;
  /** Length of its network's prefix. */
  readonly prefix: number;
  /** The router and name server that it was given, where it was given any. */
  readonly router: string;
  readonly brand: Brand;
  readonly weaknesses: Weaknesses;
  readonly gateway: { readonly username: string; readonly password: string; readonly level: UserLevel };
  /** What is wrong with its TLS, where that is weak. */
  readonly tlsFlaw: TlsFlaw;
  readonly anonymousRtsp: "all" | "other" | "any";
  readonly wired: boolean;
  readonly now: number;
}

/** A password that nobody guesses, the same whenever it is drawn for that place. */
export const strongPassword = (...place: readonly string[]): string =>
  `Kite-${createHash("sha256").update(place.join(" ")).digest("hex").slice(0, 9)}`;

/** What two cameras share whose owner used one password for both. */
export const reusedPassword = "Harbour-7-lane";

/** A camera as it stands on the shelf, with every weakness that was asked for and that its brand can have. */
export const initialState = (given: InitialState): CameraState => {
  const { brand, weaknesses, address, now } = given;
  const face = faces[brand];
  const has = (id: WeaknessId): boolean => weaknesses[id] === true;
  const mac = `${face.oui}:${hash(address)
    .toUpperCase()
    .replace(/^(..)(..)(..).*/, "$1:$2:$3")}`;
  const firmware = pickFirmware(face, has);
  const builtOn = firmware.builtOn ?? monthsBefore(now, 4);
  const initialised = !has("CAM-INIT");
  return {
    brand,
    identity: {
      manufacturer: face.manufacturer,
      model: firmware.model,
      hardware: firmware.hardware,
      serial: `${firmware.model.replaceAll(" ", "")}${hash("serial", address).slice(0, 12).toUpperCase()}`,
      mac,
      uuid: hash("uuid", address).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5"),
      firmware: firmware.version(buildOf(builtOn)),
      builtOn,
    },
    initialised,
    accounts: initialised ? accountsOf(given, face, has) : { onvif: [], web: [] },
    protocols: {
      // Without either nobody could speak to it at all.
      HTTP: { enabled: has("NET-HTTP") || has("NET-HTTPS-OFF"), ports: [face.onvifPort] },
      HTTPS: { enabled: !has("NET-HTTPS-OFF"), ports: [443] },
      RTSP: { enabled: true, ports: [554] },
    },
    // It takes a certificate; Axis cameras have a switch for it, the others have it on and leave it to the viewer.
    rtsps: {
      capable: face.rtsps,
      enabled: face.rtsps && !has("NET-HTTPS-OFF") && !(has("STREAM-CLEAR") && brand === "axis"),
    },
    anonymous: {
      read: has("ONVIF-ANON-READ"),
      secret: has("ONVIF-ANON-SECRET"),
      snapshot: has("HTTP-SNAP-ANON"),
      rtsp: has("RTSP-ANON") ? given.anonymousRtsp : "none",
    },
    replayProtection: !has("ONVIF-REPLAY"),
    login: {
      rtspBasic: has("RTSP-BASIC"),
      algorithms: ["MD5", "SHA-256"],
      enabled: has("RTSP-MD5") ? ["MD5"] : ["MD5", "SHA-256"],
    },
    services: {
      telnet: has("NET-TELNET"),
      ftp: has("NET-FTP"),
      ssh: has("NET-SSH"),
      vendorPort: has("NET-VENDORPORT") && face.vendorPort !== undefined,
      snmp: has("NET-SNMP"),
      debug: has("NET-DEBUG"),
    },
    tls: tlsOf(given, has),
    ...exposureOf(given, face, has),
    ...settingsOf(given, has),
  };
};

const hash = (...parts: readonly string[]): string => createHash("sha256").update(parts.join(" ")).digest("hex");

type Has = (id: WeaknessId) => boolean;

const pickFirmware = ({ firmware: { sound, old, cve, kev } }: Face, has: Has): Firmware => {
  if (has("FW-KEV") && kev !== undefined) return kev;
  if (has("FW-CVE") && cve !== undefined) return cve;
  return has("FW-AGE") ? old : sound;
};

export const monthsBefore = (now: number, months: number): string => {
  const day = new Date(now);
  day.setUTCMonth(day.getUTCMonth() - months, 1);
  return day.toISOString().slice(0, 10);
};

const buildOf = (day: string): Build => {
  const [year = "", mm = "", dd = ""] = day.split("-");
  return { year, yy: year.slice(2), mm, dd };
};

/** One list of users in both places, or two lists with the same people in them. */
const accountsOf = (given: InitialState, face: Face, has: Has): Record<Plane, Account[]> => {
  const list = people(given, face, has);
  return { onvif: list, web: face.twoPlanes ? list.map((account) => ({ ...account })) : list };
};

const people = ({ address, gateway }: InitialState, face: Face, has: Has): Account[] => {
  const { administrator, factoryPassword, secondAccount } = face;
  const byFactory = has("CAM-PWD-DEFAULT") && factoryPassword !== undefined;
  // Where the factory's own password is empty, or still in use, it is another account that has none.
  const administratorEmpty = has("CAM-PWD-EMPTY") && !byFactory && factoryPassword !== "" && face.vendorPort !== 34_567;
  const list: Account[] = [];
  const add = (username: string, password: string, level: UserLevel): void => {
    if (list.every((account) => account.username !== username)) list.push({ username, password, level });
  };
  if (gateway.username === administrator) add(administrator, gateway.password, "Administrator");
  const own = byFactory ? factoryPassword : administratorEmpty ? "" : strongPassword(address, administrator);
  add(administrator, own, "Administrator");
  add(gateway.username, gateway.password, gateway.level);
  if (has("CAM-PWD-EMPTY") && !administratorEmpty) add(secondAccount, "", "User");
  if (has("CAM-USERS-EXTRA")) add("support", strongPassword(address, "support"), "Administrator");
  return list;
};

/** A camera that never spoke TLS and has a keystore has nothing in it. */
const tlsOf = (given: InitialState, has: Has): TlsState =>
  has("NET-HTTPS-OFF") && faces[given.brand].keystore
    ? { keys: [], certificates: [], paths: [], assigned: [], versions: ["1.2", "1.3"] }
    : makeTls({ name: given.address, brand: given.brand, flaw: has("TLS-WEAK") ? given.tlsFlaw : undefined });

const exposureOf = (
  { address }: InitialState,
  { canSwitch }: Face,
  has: Has,
): Pick<CameraState, "discovery" | "reveals" | "upnp" | "p2p" | "autoUpdate" | "push" | "ddns"> => {
  const pushes = has("CAM-PUSH") && canSwitch.push;
  return {
    discovery: { mode: has("DISC-ON") ? "Discoverable" : "NonDiscoverable", answersEverybody: has("DISC-WAN") },
    reveals: has("DISC-INFO"),
    upnp: { enabled: has("CAM-UPNP"), anyCallback: has("CALLSTRANGER") },
    p2p: has("CAM-P2P") && canSwitch.p2p,
    autoUpdate: canSwitch.autoUpdate && !has("FW-AUTO-OFF"),
    push: { ftp: pushes ? "ftp.example.net" : "", smtp: pushes ? "smtp.example.net" : "", rtmp: "" },
    ddns: has("CAM-DDNS")
      ? { type: "ClientUpdates", name: `cam-${hash(address).slice(0, 6)}.example.net` }
      : { type: "NoUpdate", name: "" },
  };
};

/** Nobody's: of the range that is handed out to the whole world (RFC 4291 2.4), so that it counts as reachable. */
const globalIpv6 = (address: string): string => `2a02:8070:${hash(address).replace(/^(.{4})(.{4}).*/, "$1:$2")}::1f`;

const settingsOf = (
  { address, prefix, router, wired, now }: InitialState,
  has: Has,
): Pick<CameraState, "network" | "clock" | "filter" | "policy" | "wireless" | "log"> => ({
  network: {
    prefix,
    ipv6: { enabled: has("WAN-IPV6"), global: globalIpv6(address) },
    gateways: has("EGRESS") ? [router] : [],
    dns: { fromDhcp: false, servers: has("EGRESS") ? [router, "8.8.8.8"] : [] },
    ntp: { fromDhcp: false, servers: has("EGRESS") ? ["pool.ntp.org"] : [] },
    zeroConfiguration: false,
  },
  clock: { offsetMs: has("TIME") ? -47 * 60_000 : 0, type: "Manual", zone: "CET-1CEST,M3.5.0,M10.5.0/3" },
  filter: { type: "Allow", addresses: has("IPFILTER") ? [] : ["127.0.0.0/8"] },
  policy: {
    failureWarning: { enabled: !has("LOCKOUT-OFF"), periodS: 1_800, failures: 5 },
    complexity: has("LOCKOUT-OFF")
      ? { length: 0, uppercase: 0, numbers: 0, specials: 0, blocksUsername: false }
      : { length: 8, uppercase: 0, numbers: 1, specials: 0, blocksUsername: true },
  },
  wireless: wired && !has("WIFI-WEAK") && !has("WIFI-DEFAULT-SSID") ? undefined : wirelessOf(address, has),
  log: [`${new Date(now).toISOString()} System started`],
});

const wirelessOf = (address: string, has: Has): Wireless => ({
  ssid: has("WIFI-DEFAULT-SSID") ? `TP-LINK_${hash(address).slice(0, 4).toUpperCase()}` : "Birchwood",
  bssid: "50:C7:BF:12:34:56",
  ...(has("WIFI-WEAK") ? { mode: "WEP", cipher: "None" } : { mode: "PSK", cipher: "CCMP" }),
});
