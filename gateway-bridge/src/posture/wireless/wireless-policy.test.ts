import { describe, expect, it } from "@jest/globals";

import { wirelessLinks } from "./wireless-links.ts";
import { readInterfaces, readSecurity } from "./wireless-policy.ts";

const never = { signal: new AbortController().signal };

const device = (name: string, lines: readonly string[]): string =>
  [`\tInterface ${name}`, "\t\tifindex 3", ...lines.map((line) => `\t\t${line}`), ""].join("\n");
const dev = `phy#0\n${device("wlan0", ["addr 02:00:00:00:00:01", "ssid Home", "type managed", "txpower 20.00 dBm"])}`;

describe("readInterfaces", () => {
  it.each<[string, string, ReturnType<typeof readInterfaces>]>([
    ["one that is in a network", dev, [{ interface: "wlan0", ssid: "Home" }]],
    ["one that is in none", device("wlan0", ["type managed"]), []],
    ["one that is a network itself", device("wlan0", ["ssid Own", "type AP"]), []],
    [
      "a name of other letters",
      device("w0", ["ssid Caf\\xc3\\xa9", "type managed"]),
      [{ interface: "w0", ssid: "Café" }],
    ],
    [
      "a name with line ends in it",
      device("w0", ["ssid a\\x0ab\\x1b[2J", "type managed"]),
      [{ interface: "w0", ssid: "a�b�[2J" }],
    ],
    ["bytes that are no letters", device("w0", ["ssid \\xff", "type managed"]), [{ interface: "w0", ssid: "�" }]],
    ["a name that says what it is", device("w0", ["ssid type managed", "type AP"]), []],
    [
      "two of them",
      dev + device("wlan1", ["ssid Other", "type managed"]),
      [
        { interface: "wlan0", ssid: "Home" },
        { interface: "wlan1", ssid: "Other" },
      ],
    ],
    ["an interface that is no name", "\tInterface ../../x y\n\t\tssid A\n\t\ttype managed\n", []],
    ["nothing", "", []],
    ["an error", "nl80211 not found.\n", []],
  ])("reads %s", (_, text, joined) => {
    expect(readInterfaces(text)).toEqual(joined);
  });

  it("cuts a name to what a name can have", () => {
    const [joined] = readInterfaces(device("w0", [`ssid ${"a".repeat(5_000)}`, "type managed"]));
    expect(joined?.ssid).toHaveLength(32);
  });
});

/** What the kernel heard of one network, as `iw` prints it. */
const bss = (lines: readonly string[], state = " -- associated"): string =>
  [`BSS 02:00:00:00:01:00(on wlan0)${state}`, "\tfreq: 2412", ...lines, ""].join("\n");
const open = "\tcapability: ESS ShortSlotTime (0x0401)";
const hidden = "\tcapability: ESS Privacy ShortSlotTime (0x0411)";
const rsn = (pairwise: string, suites: string, group = "CCMP"): readonly string[] => [
  "\tRSN:\t * Version: 1",
  `\t\t * Group cipher: ${group}`,
  `\t\t * Pairwise ciphers: ${pairwise}`,
  `\t\t * Authentication suites: ${suites}`,
  "\t\t * Capabilities: 1-PTKSA-RC 1-GTKSA-RC (0x0000)",
];
const wpa = (cipher: string): readonly string[] => [
  "\tWPA:\t * Version: 1",
  `\t\t * Group cipher: ${cipher}`,
  `\t\t * Pairwise ciphers: ${cipher}`,
  "\t\t * Authentication suites: PSK",
];
const neighbour = bss([open], "");

describe("readSecurity", () => {
  it.each<[string, string, ReturnType<typeof readSecurity>]>([
    ["a network without encryption", bss([open]), "open"],
    ["WEP", bss([hidden]), "wep"],
    ["WEP beside WPA2", bss([hidden, ...rsn("CCMP", "PSK", "WEP-104")]), "wep"],
    ["WPA with TKIP", bss([hidden, ...wpa("TKIP")]), "wpa-tkip"],
    ["WPA2 that still lets TKIP in", bss([hidden, ...rsn("TKIP CCMP", "PSK", "TKIP")]), "wpa-tkip"],
    ["WPA2 beside WPA with TKIP", bss([hidden, ...rsn("CCMP", "PSK"), ...wpa("TKIP")]), "wpa-tkip"],
    ["WPA with CCMP", bss([hidden, ...wpa("CCMP")]), "wpa2"],
    ["WPA2", bss([hidden, ...rsn("CCMP", "PSK")]), "wpa2"],
    ["WPA2 of a company", bss([hidden, ...rsn("CCMP", "IEEE 802.1X")]), "wpa2"],
    ["WPA3", bss([hidden, ...rsn("CCMP", "SAE")]), "wpa3"],
    ["WPA3 that still lets WPA2 in", bss([hidden, ...rsn("CCMP", "PSK SAE")]), "wpa2"],
    ["a network that encrypts and lets everybody in", bss([hidden, ...rsn("CCMP", "OWE")]), undefined],
    ["a neighbour's network alone", neighbour, undefined],
    ["its own among neighbours'", neighbour + bss([hidden, ...rsn("CCMP", "SAE")]) + neighbour, "wpa3"],
    ["a name that says what it is", neighbour + bss(["\tSSID: RSN: SAE", open]), "open"],
    ["nothing", "", undefined],
    ["a network that says nothing of itself", bss([]), undefined],
    ["noise", "\u0000\uffff BSS -- associated", undefined],
  ])("tells %s", (_, text, security) => {
    expect(readSecurity(text)).toBe(security);
  });

  /** `iw` prints the model that a network names by WPS as it came, line ends and all. */
  it("believes no neighbour that says to be the network that the box is in", () => {
    const forged = bss([hidden, ...rsn("CCMP", "SAE")]);
    const liar = bss([open, `\tWPS:\t * Model: x\n${forged}`], "");
    expect(readSecurity(liar + bss([open]))).toBeUndefined();
  });

  it("reads no more than a megabyte", () => {
    expect(readSecurity(`${"\t\t * Pairwise ciphers:\n".repeat(60_000)}${bss([open])}`)).toBeUndefined();
  });
});

describe("wirelessLinks", () => {
  it("asks for what was heard at each interface, and searches for nothing", async () => {
    const asked: string[] = [];
    const iw = async (words: readonly string[]): Promise<string> => {
      asked.push(words.join(" "));
      return words.length === 1 ? dev : bss([hidden, ...rsn("CCMP", "PSK")]);
    };
    expect(await wirelessLinks(iw, never)).toEqual([{ interface: "wlan0", ssid: "Home", security: "wpa2" }]);
    expect(asked).toEqual(["dev", "dev wlan0 scan dump"]);
  });

  it("finds none where there is no iw", async () => {
    expect(await wirelessLinks(async () => "", never)).toEqual([]);
  });
});
