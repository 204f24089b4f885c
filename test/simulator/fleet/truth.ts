import { X509Certificate } from "node:crypto";

import { faces, type Firmware } from "./brands.ts";
import type { CameraState } from "./camera-state.ts";
import { monthsBefore, reusedPassword } from "./initial-state.ts";
import { pinOf, servedIdentity, vendorPinOf } from "./tls-keys.ts";
import type { Truth, WeaknessId } from "./weaknesses.ts";

export interface Known {
  readonly state: CameraState;
  readonly now: number;
  /** The gateway's own login, key and stream. */
  readonly username: string;
  readonly password: string;
  /** The login by which the gateway manages it. */
  readonly administrator: { readonly username: string; readonly password: string };
  readonly pin: string | null;
  readonly rtspUrl: string;
}

type Judged = boolean | undefined;

/** How it is with a camera now, read off its settings alone; undefined for what such a camera cannot have. */
export const truthOf = (known: Known): Truth => {
  const judged: Readonly<Record<WeaknessId, Judged>> = {
    ...loginTruth(known),
    ...openTruth(known.state),
    ...portTruth(known.state),
    ...tlsTruth(known),
    ...outsideTruth(known.state),
    ...firmwareTruth(known),
    ...settingTruth(known.state),
  };
  const words = Object.entries(judged).map(([id, weak]) => [
    id,
    weak === undefined ? "cannot" : weak ? "weak" : "sound",
  ]);
  return Object.fromEntries(words) as Truth;
};

const loginTruth = ({ state, username, password, administrator: known }: Known) => {
  const { administrator, factoryPassword } = faces[state.brand];
  const everybody = [...state.accounts.onvif, ...state.accounts.web];
  const isFactory = (name: string, secret: string): boolean => name === administrator && secret === factoryPassword;
  const own = state.accounts.onvif.find((account) => account.username === username);
  const byFactory = everybody.some((one) => isFactory(one.username, one.password));
  const empty = everybody.filter((one) => one.password === "");
  // The password that the gateway has itself needs no try.
  const has = everybody.some((one) => one.username === known.username && one.password === known.password);
  const hasFactory = has && isFactory(known.username, known.password);
  const hasEmpty = has && known.password === "";
  return {
    "CAM-PWD-DEFAULT":
      factoryPassword === undefined ? undefined : hasFactory || canTry(state, "Administrator", byFactory),
    "CAM-PWD-EMPTY":
      hasEmpty ||
      canTry(state, empty.every(({ level }) => level === "User") ? "User" : "Administrator", empty.length > 0),
    "CAM-PWD-REUSED": password === reusedPassword && everybody.some((one) => one.password === password),
    "CAM-INIT": !state.initialised,
    "CAM-USERS-EXTRA": everybody.some(
      (one) =>
        one.level === "Anonymous" ||
        (one.level === "Administrator" && one.username !== administrator && one.username !== username),
    ),
    "CAM-LEASTPRIV": own?.level === "Administrator",
  } satisfies Partial<Record<WeaknessId, Judged>>;
};

/** Where nothing that changes nothing asks such an account for a login, nobody can see what its password is. */
const canTry = ({ brand, anonymous }: CameraState, level: "Administrator" | "User", weak: boolean): Judged => {
  const onvifAsks = !anonymous.read || (level === "Administrator" && !anonymous.secret);
  const rtspAsks = anonymous.rtsp === "none" || anonymous.rtsp === "other";
  const asks = onvifAsks || rtspAsks || !anonymous.snapshot || faces[brand].vendorApi !== undefined;
  return asks || !weak ? weak : undefined;
};

const openTruth = (state: CameraState) => {
  const { anonymous, login, initialised, protocols } = state;
  const profileQ = !initialised && faces[state.brand].uninitialised === "profile-q";
  const rtspOpen = anonymous.rtsp !== "none" || profileQ;
  // Who is let in without a login is never asked for one.
  const asks = anonymous.rtsp === "none" || anonymous.rtsp === "other";
  return {
    "ONVIF-ANON-READ": anonymous.read || profileQ,
    "ONVIF-ANON-SECRET": anonymous.secret || profileQ,
    // Where strangers may read everything, no question shows whether a token counts.
    "ONVIF-REPLAY": initialised && !(anonymous.read && anonymous.secret) ? !state.replayProtection : undefined,
    "RTSP-ANON": rtspOpen,
    "RTSP-BASIC": asks && !profileQ && protocols.RTSP.enabled ? login.rtspBasic : undefined,
    "RTSP-MD5":
      asks && !profileQ ? login.algorithms.includes("SHA-256") && !login.enabled.includes("SHA-256") : undefined,
    "HTTP-SNAP-ANON": anonymous.snapshot || profileQ,
    "NET-HTTPS-OFF": !protocols.HTTPS.enabled,
    "NET-HTTP": protocols.HTTP.enabled,
  } satisfies Partial<Record<WeaknessId, Judged>>;
};

const portTruth = ({ brand, services }: CameraState) =>
  ({
    "NET-TELNET": services.telnet,
    "NET-FTP": services.ftp,
    "NET-SSH": services.ssh,
    "NET-VENDORPORT": faces[brand].vendorPort === undefined ? undefined : services.vendorPort,
    "NET-SNMP": services.snmp,
    "NET-DEBUG": services.debug,
  }) satisfies Partial<Record<WeaknessId, Judged>>;

const tlsTruth = ({ state: { tls, protocols, rtsps, brand }, pin, now, rtspUrl }: Known) => {
  const served = protocols.HTTPS.enabled || rtsps.enabled ? servedIdentity(tls) : undefined;
  const streamsClear = !rtspUrl.startsWith("rtsps:") || !rtsps.enabled;
  if (served === undefined) {
    return { "TLS-WEAK": undefined, "TLS-PIN-CHANGED": undefined, "STREAM-CLEAR": streamsClear };
  }
  const certificate = new X509Certificate(served.cert);
  const { publicKey } = certificate;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 4_096;
  const expired = certificate.validToDate.getTime() < now;
  const old = tls.versions.includes("1.0") || tls.versions.includes("1.1");
  const weakSignature = /sha1/i.test(certificate.signatureAlgorithm ?? "");
  const served256 = pinOf(served.key);
  return {
    "TLS-WEAK": bits < 2_048 || expired || old || weakSignature || served256 === vendorPinOf(brand),
    "TLS-PIN-CHANGED": pin === null ? undefined : served256 !== pin,
    "STREAM-CLEAR": streamsClear,
  } satisfies Partial<Record<WeaknessId, Judged>>;
};

/** Reolink takes a login in the body of a request alone: nobody sends the gateway's own there readable, so without TLS its settings cannot be seen. */
const isReadable = ({ brand, protocols }: CameraState): boolean =>
  faces[brand].vendorApi !== "json" || protocols.HTTPS.enabled;

const outsideTruth = (state: CameraState) => {
  const { brand, discovery, reveals, upnp, p2p, ddns, push, network } = state;
  const { canSwitch } = faces[brand];
  const readable = isReadable(state);
  const discoverable = discovery.mode === "Discoverable";
  return {
    "DISC-ON": discoverable,
    "DISC-WAN": discoverable && discovery.answersEverybody,
    "DISC-INFO": reveals,
    "CAM-UPNP": upnp.enabled,
    // Nobody can read off a Tapo whether its cloud is on.
    "CAM-P2P": canSwitch.p2p && readable ? p2p : undefined,
    "CAM-DDNS": ddns.type !== "NoUpdate",
    "CAM-PUSH": canSwitch.push && readable ? Object.values(push).some((target) => target !== "") : undefined,
    CALLSTRANGER: upnp.enabled ? upnp.anyCallback : undefined,
    "WAN-IPV6": network.ipv6.enabled,
    // Who asks it at loopback is no way out of there.
    EGRESS: network.gateways.some((gateway) => gateway !== "127.0.0.1"),
  } satisfies Partial<Record<WeaknessId, Judged>>;
};

const firmwareTruth = ({ state, now }: Known) => {
  const { brand, identity, autoUpdate } = state;
  const { firmware, canSwitch } = faces[brand];
  const rows = [firmware.old, firmware.cve, firmware.kev].filter((row): row is Firmware => row !== undefined);
  const nowhere = { year: "", yy: "", mm: "", dd: "" };
  const row = rows.find(({ model, version }) => model === identity.model && version(nowhere) === identity.firmware);
  return {
    "FW-CVE": row?.flaw !== undefined,
    "FW-KEV": row?.flaw === "kev",
    "FW-AGE": identity.builtOn < monthsBefore(now, 24),
    "FW-AUTO-OFF": canSwitch.autoUpdate && isReadable(state) ? !autoUpdate : undefined,
  } satisfies Partial<Record<WeaknessId, Judged>>;
};

const settingTruth = ({ clock, policy, filter, wireless }: CameraState) =>
  ({
    TIME: Math.abs(clock.offsetMs) > 60_000,
    "LOCKOUT-OFF": !policy.failureWarning.enabled,
    IPFILTER: filter.addresses.length === 0,
    "WIFI-WEAK": wireless === undefined ? undefined : wireless.mode !== "PSK" || wireless.cipher !== "CCMP",
    "WIFI-DEFAULT-SSID": wireless === undefined ? undefined : /^TP-LINK_/.test(wireless.ssid),
  }) satisfies Partial<Record<WeaknessId, Judged>>;
