/** What cameras answer to questions about themselves: of real cameras, of hostile ones, and in ways that are not read. */
import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { readDeviceCapabilities } from "../../gateway-bridge/src/protocols/onvif/management/capabilities.ts";
import { readClock, readNtp } from "../../gateway-bridge/src/protocols/onvif/management/clock.ts";
import { readScopes } from "../../gateway-bridge/src/protocols/onvif/management/discovery.ts";
import { readDot11Status } from "../../gateway-bridge/src/protocols/onvif/management/dot11.ts";
import { readIpAddressFilter } from "../../gateway-bridge/src/protocols/onvif/management/ip-filter.ts";
import { readNetworkInterfaces } from "../../gateway-bridge/src/protocols/onvif/management/network-interfaces.ts";
import {
  readDefaultGateway,
  readDns,
  readDynamicDns,
  readNetworkProtocols,
  readZeroConfiguration,
} from "../../gateway-bridge/src/protocols/onvif/management/network.ts";
import { readAuthFailureWarning, readPasswordComplexity } from "../../gateway-bridge/src/protocols/onvif/management/password-policy.ts"; // prettier-ignore
import { readSecurityCapabilities } from "../../gateway-bridge/src/protocols/onvif/management/security-capabilities.ts";
import { readUsers } from "../../gateway-bridge/src/protocols/onvif/management/users.ts";
import { readEnvelope } from "../../gateway-bridge/src/protocols/onvif/soap-envelope.ts";
import { envelope } from "../../gateway-bridge/src/protocols/onvif/testing/scripted-camera.ts";
import { descendants, type XmlElement } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";
import { captures, describeWithCaptures } from "../support/captures.ts";
import { fuzz } from "../support/fuzz.ts";

const readers = [
  readUsers,
  readNetworkProtocols,
  readNetworkInterfaces,
  readDefaultGateway,
  readDns,
  readDynamicDns,
  readZeroConfiguration,
  readClock,
  readNtp,
  readScopes,
  readIpAddressFilter,
  readDot11Status,
  readDeviceCapabilities,
  readSecurityCapabilities,
  readPasswordComplexity,
  readAuthFailureWarning,
];

/** Every value found anywhere in what a reader made: texts that were written, whole numbers that are not negative, and no other. */
const check = (value: unknown): void => {
  if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0)) throw new Error(`a number: ${value}`);
  if (Array.isArray(value) && value.length > 1_024) throw new Error("a list without an end");
  if (typeof value === "object" && value !== null) Object.values(value).forEach(check);
};

const own = [
  "<User><Username>1.50</Username><UserLevel>User</UserLevel></User>",
  "<NetworkProtocols><Name>HTTP</Name><Enabled>true</Enabled><Port>80</Port><Port>0</Port></NetworkProtocols>",
  `<NetworkInterfaces token="e"><Enabled>1</Enabled><Info><HwAddress>a</HwAddress></Info><IPv4><Enabled>true</Enabled><Config><Manual><Address>10.0.0.1</Address><PrefixLength>24</PrefixLength></Manual><DHCP>false</DHCP></Config></IPv4><IPv6><Config><AcceptRouterAdvert>true</AcceptRouterAdvert></Config></IPv6><Extension><Dot11><SSID>486f6d65</SSID><Priority>1</Priority></Dot11></Extension></NetworkInterfaces>`,
  "<NetworkGateway><IPv4Address>10.0.0.1</IPv4Address></NetworkGateway><DNSInformation><FromDHCP>true</FromDHCP><SearchDomain>a b</SearchDomain><DNSManual><IPv4Address>1.1.1.1</IPv4Address></DNSManual></DNSInformation>",
  "<SystemDateAndTime><DateTimeType>NTP</DateTimeType><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time><Date><Year>2026</Year><Month>1</Month><Day>31</Day></Date></UTCDateTime></SystemDateAndTime><NTPInformation><NTPManual><DNSname>a</DNSname></NTPManual></NTPInformation>",
  "<IPAddressFilter><Type>Allow</Type><IPv4Address><Address>10.0.0.1</Address><PrefixLength>24</PrefixLength></IPv4Address></IPAddressFilter><Scopes><ScopeItem>onvif://a</ScopeItem></Scopes>",
  `<Capabilities><Network NTP="1" IPFilter="true"/><Security MaxPasswordLength="16" HashingAlgorithms="MD5,SHA-256"/><KeystoreCapabilities KeyPairGeneration="RSA" RSAKeyLengths="2048 3072"/><TLSServerCapabilities TLSServerSupported="1.2"/></Capabilities>`,
  "<MinLen>8</MinLen><Enabled>true</Enabled><MonitorPeriod>60</MonitorPeriod><Status><SSID>ff</SSID><PairCipher>TKIP</PairCipher></Status>",
].map((content) => Buffer.from(envelope(`<r>${content}</r>`)));
const dictionary = ["<", "/>", "</", "]]>", "&#x10FFFF;", "xmlns:", "__proto__", "token=\"", "-1", "1e9", "99999999999999999999", "<Port>", "<Extension>", "</r>", "<xop:Include href=\"cid:a\"/>", "\u0000"]; // prettier-ignore

it("answers about a camera are read or refused, never more, whatever is in them", () => {
  let read = 0;
  const parse = (input: Buffer): void => {
    const body = readEnvelope(input);
    if (body === undefined) return;
    for (const reader of readers) check(reader(body));
    read += 1;
  };
  fuzz(parse, { corpus: own, dictionary, inputs: 8_000 });
  // Void if every input fell at the first bracket.
  expect(read).toBeGreaterThan(1_000);
});

describe("an answer whose content is an attachment (MTOM)", () => {
  const boundary = "--uuid:1b2c";
  const soap = (body: string): string =>
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://www.w3.org/2004/08/xop/include"><s:Body>${body}</s:Body></s:Envelope>`;
  const multipart = (body: string): Buffer =>
    Buffer.concat([
      Buffer.from(`\r\n${boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\nContent-ID: <root>\r\n\r\n${soap(body)}\r\n${boundary}\r\nContent-Type: application/octet-stream\r\nContent-ID: <1>\r\n\r\n`),
      Buffer.from([0, 1, 0xff, 0xfe, 0x3c, 0x2f]),
      Buffer.from(`\r\n${boundary}--\r\n`),
    ]); // prettier-ignore
  const include = `<x:Include href="cid:1"/>`;

  it.each([
    ["GetSystemBackup", `<r><BackupFiles><Name>a</Name><Data>${include}</Data></BackupFiles></r>`],
    ["GetSystemLog", `<r><SystemLog><Binary>${include}</Binary></SystemLog></r>`],
    ["GetSystemSupportInformation", `<r><SupportInformation><Binary>${include}</Binary></SupportInformation></r>`],
  ])("is refused in plain words: %s", (_, body) => {
    expect(() => readEnvelope(multipart(body))).toThrow(
      expect.objectContaining({
        code: "camera-answer-malformed",
        message: expect.stringMatching(/attachment \(MTOM\), which Gatehouse does not read/) as unknown,
      }),
    );
    expect(() => readEnvelope(Buffer.from(soap(body)))).toThrow(/attachment/);
  });

  it("is read where everything is in the envelope after all", () => {
    expect(readEnvelope(multipart("<r><String>a</String></r>"))?.children[0]?.text).toBe("a");
  });
});

/** The texts of elements without children, in order, taken from the bytes by hand: the parser's word is not asked. */
const leafTexts = (xml: string): readonly string[] =>
  [...xml.replace(/^[\s\S]*?<[\w.-]*:?Body[^>]*>/, "").matchAll(/<([\w:.-]+)(?:\s[^<>]*)?>([^<]*)<\/\1\s*>/g)]
    .map(([, , text = ""]) => text.trim())
    .filter((text) => text !== "" && !text.includes("&"));

describeWithCaptures("answers of real cameras", () => {
  const root = join(captures, "onvif");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.Response\.xml$/.test(name),
  );
  const body = (name: string): XmlElement => {
    const read = readEnvelope(readFileSync(join(root, name)));
    if (read === undefined) throw new Error(`${name} is empty`);
    return read;
  };

  it("say the same in what is read as in what was written", () => {
    let compared = 0;
    for (const name of files) {
      const written = leafTexts(readFileSync(join(root, name), "utf8"));
      const leaves = [...descendants(body(name))].filter(({ children }) => children.length === 0);
      const read = leaves.map(({ text }) => text).filter((text) => text !== "" && !text.includes("&"));
      expect([name, read]).toEqual([name, written]);
      compared += read.length;
    }
    expect(compared).toBeGreaterThan(500);
  });

  it("are read by every reader without a fault", () => {
    for (const answer of files.map(body)) for (const reader of readers) check(reader(answer));
  });

  it.each([
    ["axis", [{ name: "HTTP", enabled: true, ports: [80] }, { name: "HTTPS", enabled: false, ports: [443] }, { name: "RTSP", enabled: true, ports: [554] }]],
    ["hikvision", [{ name: "HTTP", enabled: true, ports: [80] }, { name: "RTSP", enabled: true, ports: [554] }]],
  ])("of %s tell their protocols", (brand, protocols) => {
    expect(readNetworkProtocols(body(`${brand}/core/GetNetworkProtocols.Response.xml`))).toEqual(protocols);
  }); // prettier-ignore

  it("of both tell their users, names, clocks and filters", () => {
    const of = (brand: string, operation: string): XmlElement => body(`${brand}/core/${operation}.Response.xml`);
    expect(readUsers(of("axis", "GetUsers"))).toEqual([
      { username: "admin", level: "Administrator" },
      { username: "root", level: "Administrator" },
    ]);
    expect(readUsers(of("hikvision", "GetUsers"))).toEqual([{ username: "admin", level: "Administrator" }]);
    expect(readDynamicDns(of("axis", "GetDynamicDNS"))).toEqual({ type: "NoUpdate", name: "", ttl: "30" });
    expect(readDynamicDns(of("hikvision", "GetDynamicDNS"))).toEqual({ type: "ClientUpdates", name: "Test", ttl: "" });
    expect(readDefaultGateway(of("hikvision", "GetNetworkDefaultGateway"))).toEqual({ ipv4: ["10.10.1.1"], ipv6: [] });
    expect(readDns(of("axis", "GetDNS"))).toEqual({ fromDhcp: true, searchDomains: ["hitronhub.home"], dhcp: ["192.168.0.1"], manual: [] }); // prettier-ignore
    expect(readNtp(of("hikvision", "GetNTP"))).toEqual({ fromDhcp: true, dhcp: ["10.10.1.4"], manual: [] });
    expect(readIpAddressFilter(of("axis", "GetIPAddressFilter"))).toEqual({ type: "Allow", ranges: [] });
    expect(readClock(of("hikvision", "GetSystemDateAndTime"))).toEqual({
      utc: Date.UTC(2018, 1, 27, 18, 28, 1),
      type: "Manual",
      daylightSavings: true,
      zone: "CST7:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00",
    });
    expect(readScopes(of("axis", "GetScopes")).map(({ uri }) => uri)).toContain("onvif://www.onvif.org/name/AXIS%20Q6045-E"); // prettier-ignore
    expect(readZeroConfiguration(of("axis", "GetZeroConfiguration"))).toEqual({ token: "eth0", enabled: true, addresses: ["169.254.138.132"] }); // prettier-ignore
    const { network, system } = readDeviceCapabilities(of("hikvision", "GetServiceCapabilities"));
    expect([network.ipFilter, network.dot11, network.ntpServers, system.httpFirmwareUpgrade]).toEqual([true, false, 1, true]); // prettier-ignore
  });

  it("of both tell every address of their network interfaces", () => {
    const [axis] = readNetworkInterfaces(body("axis/core/GetNetworkInterfaces.Response.xml"));
    expect(axis).toMatchObject({ token: "eth0", mac: "00:40:8C:FA:B7:54", ipv4: { enabled: true, dhcp: "true" } });
    expect(axis?.ipv4?.addresses).toEqual([
      { address: "10.10.1.20", prefix: 16, origin: "manual" },
      { address: "169.254.138.132", prefix: 16, origin: "link-local" },
      { address: "192.168.0.19", prefix: 24, origin: "dhcp" },
    ]);
    expect(axis?.ipv6?.addresses.map(({ origin }) => origin)).toEqual(["link-local", "router"]);
    const [hikvision] = readNetworkInterfaces(body("hikvision/core/GetNetworkInterfaces.Response.xml"));
    expect(hikvision).toMatchObject({ mac: "44:19:b6:3e:ba:a1", ipv6: { acceptsRouterAdvertisements: false, dhcp: "Off" } }); // prettier-ignore
  });

  it("are read or refused, never more, when they are damaged", () => {
    const corpus = files.map((name) => readFileSync(join(root, name))).filter(({ length }) => length < 8_000);
    const parse = (input: Buffer): void => {
      const read = readEnvelope(input);
      if (read !== undefined) for (const reader of readers) check(reader(read));
    };
    fuzz(parse, { corpus, dictionary, inputs: 2_500 });
  });
});
