import type { WirelessLink } from "../probe/probed-home.ts";

/** One of the box's interfaces in a network: as `iw dev` names it. */
export interface JoinedInterface {
  readonly interface: string;
  readonly ssid: string;
}

/** Longest that is read of what a program wrote. */
const longest = 1 << 20;

/** Reads `iw dev`: `Interface wlan0`, and `ssid Home` below it for one that is in a network as its guest. */
export const readInterfaces = (text: string): readonly JoinedInterface[] =>
  text
    .slice(0, longest)
    .split(/^\s*Interface /m)
    .slice(1)
    .flatMap((block) => {
      const name = /^[\w.-]{1,15}(?=\s)/.exec(block)?.[0];
      const ssid = /^\s*ssid (.*)$/m.exec(block)?.[1];
      const isGuest = /^\s*type managed$/m.test(block);
      return name === undefined || ssid === undefined || !isGuest ? [] : [{ interface: name, ssid: unescaped(ssid) }];
    });

/**
 * Reads `iw dev wlan0 scan dump`, of it the network that the interface is in now: `BSS 02:..(on wlan0) -- associated`.
 * IEEE 802.11-2020 9.4.2.24: RSN holds WPA2 and WPA3, told apart by SAE; WPA is what came before it.
 */
export const readSecurity = (text: string): WirelessLink["security"] => {
  const joined = text
    .slice(0, longest)
    .split(/^BSS /m)
    .slice(1)
    .filter((each) => /^[^\n]*-- associated/.test(each));
  const [block] = joined;
  // An interface is in one network. `iw` prints some of what neighbours send as it came, so one of several may be theirs.
  if (block === undefined || joined.length > 1) return undefined;
  const [rsn, wpa] = [sectionOf(block, "RSN"), sectionOf(block, "WPA")];
  const capability = /^\s*capability:.*$/m.exec(block)?.[0];
  if (capability === undefined) return undefined;
  if (rsn === undefined && wpa === undefined) return /\bPrivacy\b/.test(capability) ? "wep" : "open";
  // What the network still lets in decides, not what it would prefer.
  if ([rsn, wpa].some((section) => /ciphers?:.*\bWEP\b/i.test(section ?? ""))) return "wep";
  if ([rsn, wpa].some((section) => /ciphers?:.*\bTKIP\b/i.test(section ?? ""))) return "wpa-tkip";
  const keys = /Authentication suites:(.*)/i.exec(wpa ?? rsn ?? "")?.[1] ?? "";
  // Opportunistic encryption asks nobody for a password: it is neither open nor protected.
  if (/\bOWE\b/.test(keys)) return undefined;
  return /\bSAE\b/.test(keys) && !/\bPSK\b/.test(keys) ? "wpa3" : "wpa2";
};

/** The lines of `RSN:` up to the next element that is indented as little. */
const sectionOf = (block: string, name: string): string | undefined =>
  new RegExp(`^\\t${name}:([^\\n]*(?:\\n\\t\\t[^\\n]*)*)`, "m").exec(block)?.[1];

/** `iw` writes bytes that are no plain ASCII as \xNN. */
const unescaped = (text: string): string => {
  const bytes = text.replace(/\\x([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8").replace(/\p{Cc}/gu, "�").slice(0, 32); // prettier-ignore
};
