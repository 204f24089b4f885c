import { isGatehouseError } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseCameraAddress } from "../../gateway-bridge/src/cameras/camera-address.ts";
import { readProbeAnswer } from "../../gateway-bridge/src/protocols/discovery/probe-match.ts";
import { readProfiles } from "../../gateway-bridge/src/protocols/onvif/media.ts";
import { readNotifications } from "../../gateway-bridge/src/protocols/onvif/notification.ts";
import { readEnvelope } from "../../gateway-bridge/src/protocols/onvif/soap-envelope.ts";
import { faultError, isLoginFault, readFault } from "../../gateway-bridge/src/protocols/onvif/soap-fault.ts";
import { readSystemDateAndTime } from "../../gateway-bridge/src/protocols/onvif/system-date-and-time.ts";
import {
  envelope,
  fault,
  notification,
  profile,
} from "../../gateway-bridge/src/protocols/onvif/testing/scripted-camera.ts";
import { readTopics } from "../../gateway-bridge/src/protocols/onvif/topics.ts";
import { decideCameraUri } from "../../gateway-bridge/src/protocols/onvif/camera-uri-policy.ts";
import { isMotionTopic, readMotion } from "../../gateway-bridge/src/protocols/onvif/motion-policy.ts";
import { parseXml } from "../../gateway-bridge/src/protocols/xml/parse-xml.ts";
import { textAt, type XmlElement } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";
import { captures, describeWithCaptures } from "../support/captures.ts";
import { fuzz } from "../support/fuzz.ts";

/** Everything that is read out of an answer, whatever it is an answer to. */
const readAll = (body: XmlElement | undefined): void => {
  if (body === undefined) return;
  const fault = readFault(body);
  isLoginFault(fault);
  faultError(fault, "x");
  const time = readSystemDateAndTime(body);
  if (time !== undefined && !Number.isSafeInteger(time)) throw new Error("a time that is none");
  for (const { token, width, height, fps } of readProfiles(body)) {
    if (token === "" || !(width >= 0 && height >= 0 && fps >= 0)) throw new Error("a profile that is none");
  }
  for (const said of readNotifications(body)) readMotion(said);
  for (const topic of readTopics(body)) isMotionTopic(topic);
};

const dateAndTime = `<r><SystemDateAndTime><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time><Date><Year>2026</Year><Month>1</Month><Day>31</Day></Date></UTCDateTime></SystemDateAndTime></r>`;
const media2 = `<r><Profiles token="p"><Configurations><VideoSource><SourceToken>s</SourceToken></VideoSource><VideoEncoder><Encoding>H265</Encoding><Resolution><Width>2</Width><Height>3</Height></Resolution></VideoEncoder><AudioEncoder><Encoding>OPUS</Encoding></AudioEncoder></Configurations></Profiles></r>`;
const own = [
  fault("s:Sender", "ter:NotAuthorized", "no &amp; never").soap ?? "",
  `<s:Fault><faultcode>a:b</faultcode><faultstring>c</faultstring><detail><x/></detail></s:Fault>`,
  dateAndTime,
  media2,
  `<r>${profile("000", [1, 2])}${profile("1.50", [3, 4], "JPEG")}</r>`,
  `<r>${notification("tns1:RuleEngine/CellMotionDetector/Motion//.", { IsMotion: "true", Reference: "r" })}${notification("a", {}, "Deleted")}</r>`,
  `<r><t:TopicSet xmlns:t="u"><a t:topic="true"><b t:topic="true"/></a></t:TopicSet></r>`,
].map((body) => Buffer.from(envelope(body)));
const dictionary = ["<", ">", "/>", "</", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE", "<!ENTITY", "&amp;", "&#x10FFFF;", "&#0;", "xmlns:", ":@", "#text", "__proto__", "constructor", "<?", "?>", "Envelope>", "</s:Envelope>", "<s:Body>", "PropertyOperation=\"Deleted\"", "token=\"\"", "0000", "-1", "1e9", "99999999999999999999"]; // prettier-ignore

describe("answers of cameras", () => {
  it("are read or refused, never more, whatever is in them", () => {
    let read = 0;
    fuzz(
      (input) => {
        readAll(readEnvelope(input));
        read += 1;
      },
      { corpus: own, dictionary },
    );
    // Void if every input fell at the first bracket.
    expect(read).toBeGreaterThan(3_000);
  });

  it("are XML or refused, whatever is in them", () => {
    let read = 0;
    const corpus = [
      '<?xml version="1.0"?><s:E xmlns:s="u" a="&amp;"><s:B k="v"><![CDATA[x]]>t&#65;</s:B><!-- c --><c/></s:E>',
      "<a><b c='1'/>&lt;&#x41;<d xmlns='v'>e</d></a>",
    ].map((text) => Buffer.from(text));
    fuzz(
      (input) => {
        parseXml(input);
        read += 1;
      },
      { corpus, dictionary },
    );
    expect(read).toBeGreaterThan(2_000);
  });
});

it("answers to a probe are read or refused, never more", () => {
  const match = (endpoint: string, xaddrs: string): string =>
    `<d:ProbeMatch><a:EndpointReference><a:Address>${endpoint}</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/A%20b onvif://www.onvif.org/hardware/%ff</d:Scopes><d:XAddrs>${xaddrs}</d:XAddrs></d:ProbeMatch>`;
  const corpus = [
    `<s:Envelope xmlns:s="s" xmlns:a="a" xmlns:d="d"><s:Header><a:RelatesTo>urn:1</a:RelatesTo></s:Header><s:Body><d:ProbeMatches>${match("urn:a", "http://1.2.3.4/x https://[fe80::1]:8/y")}${match("urn:b", "")}</d:ProbeMatches></s:Body></s:Envelope>`,
    `<Envelope><Body><ProbeMatches>${match("urn:c", "file:///x http:// :::")}</ProbeMatches></Body></Envelope>`,
  ].map((text) => Buffer.from(text));
  let named = 0;
  fuzz(
    (input) => {
      for (const { endpoint, addresses, name } of readProbeAnswer(input).matches) {
        named += 1;
        if (endpoint === "" || endpoint.length > 256 || name.length > 256 || addresses.length > 8)
          throw new Error("unbounded");
        for (const { protocol } of addresses) if (!/^https?:$/.test(protocol)) throw new Error(protocol);
      }
    },
    { corpus, dictionary: [...dictionary, "http://", "urn:", "%", " ", "\n"] },
  );
  expect(named).toBeGreaterThan(3_000);
});

it("addresses that cameras give never lead to another host, whatever is in them", () => {
  const devices = ["http://192.168.1.20:8080/x", "https://192.168.1.20/x", "http://[fd00::5]/x"].map(
    (url) => new URL(url),
  );
  const corpus = [
    "rtsp://192.168.1.20:554/a?b=c&d", "http://10.0.0.5:8899/onvif/media", "rtsp://rtsp://user:word@[fe80::1]:554/a",
    "http://192.168.1.20:8106:8106/x", "rtsp://::ffff:192.168.1.20/a", "/onvif/media", "192.168.1.20/onvif", "http://evil.example/a",
  ].map((text) => Buffer.from(text)); // prettier-ignore
  let used = 0;
  const check = (text: string): void => {
    for (const device of devices) {
      for (const use of ["service", "snapshot", "stream"] as const) {
        const decision = decideCameraUri({ text, use, device });
        if (decision.kind !== "use") continue;
        used += 1;
        const { hostname, username, password, protocol, href } = decision.url;
        const allowed: readonly string[] = use === "stream" ? ["rtsp:", "rtsps:"] : [device.protocol];
        // What goes on the wire is parsed again by others: it must say the same there.
        const same = hostname === device.hostname && new URL(href).hostname === device.hostname;
        if (!same || username + password !== "" || !allowed.includes(protocol)) throw new Error(href);
      }
    }
  };
  const dictionary = ["//", "@", ":", "[", "]", "#", "?", "\\", "%40", "%2f", "..", "rtsp://", "https://", "evil.example", "::1", "\t", "\u00ad", "0x7f.1", "。"]; // prettier-ignore
  fuzz((input) => check(input.toString("utf8")), { corpus, dictionary });
  expect(used).toBeGreaterThan(10_000);
});

it("addresses that owners give are understood or refused, never more", () => {
  const corpus = ["192.168.1.20", "camera.lan:8080", "https://cam/x?y", "rtsps://[fd00::5]:322/a", "fd00::5"].map((text) => Buffer.from(text)); // prettier-ignore
  const dictionary = ["//", "@", ":", "[", "]", "#", "?", "\\", "file://", "rtsp://", "%00", " "];
  fuzz(
    (input) => {
      const address = parseCameraAddress(input.toString("utf8"));
      for (const { username, password } of address.kind === "rtsp" ? [address.url] : address.candidates) {
        if (username !== "" || password !== "") throw new Error("credentials in an address");
      }
    },
    { corpus, dictionary },
  );
});

describeWithCaptures("answers of real cameras", () => {
  const root = join(captures, "onvif");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".xml"));
  const read = (name: string): XmlElement | undefined => readEnvelope(readFileSync(join(root, name)));
  const responses = files.filter((name) => name.endsWith(".Response.xml"));

  it.each(responses)("%s is read", (name) => {
    const body = read(name);
    expect(body?.name).not.toBe("Fault");
    readAll(body);
  });

  it.each(files.filter((name) => name.endsWith(".Error.xml")))("%s is a fault with a reason", (name) => {
    const body = read(name);
    expect(body?.name).toBe("Fault");
    const { codes, words } = readFault(body!);
    expect(codes.length + words.length).toBeGreaterThan(0);
    expect(isGatehouseError(faultError({ codes, words }, "x"))).toBe(true);
  });

  it.each(["axis", "hikvision"])("of %s tell its profiles, topics, time and firmware", (brand) => {
    const profiles = readProfiles(read(`${brand}/media/GetProfiles.Response.xml`)!);
    expect(profiles.some(({ codec, width, height }) => codec === "h264" && width >= 640 && height >= 360)).toBe(true);
    expect(readTopics(read(`${brand}/events/GetEventProperties.Response.xml`)!).some(isMotionTopic)).toBe(true);
    const time = readSystemDateAndTime(read(`${brand}/core/GetSystemDateAndTime.Response.xml`)!);
    expect(new Date(time!).getUTCFullYear()).toBe(2018);
    const firmware = textAt(read(`${brand}/core/GetDeviceInformation.Response.xml`), "FirmwareVersion");
    expect(firmware).toBe({ axis: "5.55.1.2", hikvision: "V5.1.6 build 140401" }[brand]);
  });

  it("survive mutation", () => {
    const corpus = responses.map((name) => readFileSync(join(root, name))).filter((bytes) => bytes.length < 12_000);
    fuzz((input) => readAll(readEnvelope(input)), { corpus, dictionary, inputs: 5_000 });
  });
});
