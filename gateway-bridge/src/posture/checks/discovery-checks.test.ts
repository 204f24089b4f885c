import { GatehouseError } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { textAt } from "../../protocols/xml/xml-element.ts";
import { sharesNetwork } from "../questions/own-network-policy.ts";
import { revealedIn } from "../questions/revealed-policy.ts";
import { callstranger } from "./callstranger.ts";
import { camUpnp } from "./cam-upnp.ts";
import { discInfo } from "./disc-info.ts";
import { discOnFrom } from "./disc-on.ts";
import { discWanFrom } from "./disc-wan.ts";
import { lookAt, type Case } from "./testing/look-at.ts";
import { scriptedCamera, type CameraScript } from "./testing/scripted-camera.ts";

const mode = (text: string) => `<R><DiscoveryMode>${text}</DiscoveryMode></R>`;
const interfaces = (prefix: number, address = "192.168.1.20") =>
  `<R><NetworkInterfaces token="eth0"><Enabled>true</Enabled><IPv4><Enabled>true</Enabled><Config><Manual><Address>${address}</Address>
   <PrefixLength>${prefix}</PrefixLength></Manual></Config></IPv4></NetworkInterfaces></R>`;
const match = (id: string, scopes = "onvif://www.onvif.org/name/Cam"): string =>
  `<e:Envelope xmlns:e="e" xmlns:a="a" xmlns:d="d"><e:Header><a:RelatesTo>${id}</a:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>
   <a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference><d:Scopes>${scopes}</d:Scopes></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>`;
/** Answers a probe by its id. */
const answering =
  (scopes?: string) =>
  (probe: Buffer): string =>
    match(textAt(parseXml(probe), "Header", "MessageID"), scopes);

const inside = () => ["127.0.0.1", "fe80::1", "192.168.1.5"];
const outside = () => ["127.0.0.1", "10.0.0.5"];

describe("DISC-ON", () => {
  it.each<Case>([
    ["says that it is discoverable", { onvif: { GetDiscoveryMode: mode("Discoverable") } }, "failed"],
    ["says that it is not, and keeps silent", { onvif: { GetDiscoveryMode: mode("NonDiscoverable") } }, "passed"],
    [
      "says that it is not, and answers all the same",
      { onvif: { GetDiscoveryMode: mode("NonDiscoverable") }, udp: { 3702: answering() } },
      "failed",
    ],
    ["does not know the question, and answers", { udp: { 3702: answering() } }, "failed"],
    ["does not know the question, and keeps silent", {}, "passed"],
    ["answers another question than ours", { udp: { 3702: match("urn:uuid:else") } }, "passed"],
    ["answers rubbish", { udp: { 3702: "hello" } }, "passed"],
    ["does not tell the gateway's login", { onvif: { GetDiscoveryMode: "refused" } }, "unknown"],
    ["speaks no ONVIF, and answers", { kind: "rtsp", udp: { 3702: answering() } }, "failed"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(discOnFrom(inside), script)).kind).toBe(kind);
  });

  it("leaves a camera that only answers from outside to DISC-WAN", async () => {
    const script = {
      onvif: { GetDiscoveryMode: mode("NonDiscoverable"), GetNetworkInterfaces: interfaces(24) },
      udp: { 3702: answering() },
    };
    expect((await lookAt(discOnFrom(outside), script)).kind).toBe("passed");
    expect((await lookAt(discWanFrom(outside), script)).kind).toBe("failed");
  });
});

describe("DISC-WAN", () => {
  it.each<[string, () => readonly string[], CameraScript, string]>([
    [
      "answers outside its network",
      outside,
      { onvif: { GetNetworkInterfaces: interfaces(24) }, udp: { 3702: answering() } },
      "failed",
    ],
    ["keeps silent outside it", outside, { onvif: { GetNetworkInterfaces: interfaces(24) } }, "passed"],
    [
      "answers inside it",
      inside,
      { onvif: { GetNetworkInterfaces: interfaces(24) }, udp: { 3702: answering() } },
      "not-applicable",
    ],
    ["does not tell its network", outside, { udp: { 3702: answering() } }, "not-applicable"],
    [
      "tells another interface's network alone",
      outside,
      { onvif: { GetNetworkInterfaces: interfaces(24, "192.168.9.9") }, udp: { 3702: answering() } },
      "not-applicable",
    ],
  ])("%s", async (_, own, script, kind) => {
    expect((await lookAt(discWanFrom(own), script)).kind).toBe(kind);
  });
});

describe("sharesNetwork", () => {
  it.each<[readonly string[], readonly { address: string; prefix: number | undefined }[], boolean | undefined]>([
    [["192.168.1.5"], [{ address: "192.168.1.20", prefix: 24 }], true],
    [["192.168.2.5"], [{ address: "192.168.1.20", prefix: 24 }], false],
    [["192.168.2.5"], [{ address: "192.168.1.20", prefix: 16 }], true],
    [["fe80::1"], [{ address: "192.168.1.20", prefix: 24 }], false],
    [["192.168.1.5"], [{ address: "192.168.1.20", prefix: undefined }], undefined],
    [["192.168.1.5"], [{ address: "nonsense", prefix: 24 }], undefined],
    [["192.168.1.5"], [{ address: "192.168.1.20", prefix: 99 }], undefined],
    [["192.168.1.5"], [], undefined],
  ])("%j, %j: %p", (own, camera, expected) => {
    expect(sharesNetwork(own, camera)).toBe(expected);
  });
});

const ssdp = (location: string, server = "Linux UPnP/1.0") =>
  `HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\nSERVER: ${server}\r\nLOCATION: ${location}\r\n\r\n`;
const described = (inner: string, at = "http://192.168.1.20:49152/root.xml"): CameraScript => ({
  udp: { 1900: ssdp(at) },
  http: { "GET :49152/root.xml": { body: `<root xmlns="u"><device>${inner}</device></root>` } },
});

describe("CAM-UPNP", () => {
  it.each<Case>([
    ["keeps silent", {}, "passed"],
    ["answers a call", { udp: { 1900: ssdp("http://192.168.1.20/x") } }, "failed"],
    ["says rubbish", { udp: { 1900: "hello" } }, "passed"],
    ["tells of others only", { udp: { 1900: "NOTIFY * HTTP/1.1\r\nNT: x\r\nNTS: ssdp:alive\r\n\r\n" } }, "passed"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(camUpnp, script)).kind).toBe(kind);
  });
});

it.each<[string, { readonly status?: number; readonly body?: string }, readonly string[]]>([
  ["refuses", { status: 401 }, ["Its settings could not be read."]],
  ["tells", { body: "table.UPnP.Enable=false\r\n" }, ["Its settings say that UPnP is off."]],
  ["does not know", { status: 404 }, []],
])("CAM-UPNP says of a silent camera what became of its settings, which it %s", async (_, answer, more) => {
  const http = {
    "GET /cgi-bin/magicBox.cgi?action=getSystemInfo": { by: { gateway: {} } },
    "GET /cgi-bin/configManager.cgi?action=getConfig&name=UPnP": { by: { gateway: answer } },
  };
  const outcome = await lookAt(camUpnp, { identity: { vendor: "dahua" }, http });
  expect(outcome).toEqual({ kind: "passed", evidence: ["It keeps silent when it is called by UPnP.", ...more] });
});

describe("a camera that is reached by IPv6", () => {
  const location = "http://[fd00::5]:49152/root.xml";
  const device = "http://[fd00::5]/onvif/device_service";
  const script: CameraScript = { ...described("", location), device, host: "fd00::5" };

  it("is called in the brackets that its address wants, and its description is found", async () => {
    const calls: string[] = [];
    const udp = { 1900: (call: Buffer) => (calls.push(call.toString()), ssdp(location)) };
    const outcome = await lookAt(callstranger, { ...script, udp });
    expect(calls).toEqual([expect.stringContaining("\r\nHOST: [fd00::5]:1900\r\n")]);
    expect(outcome).toMatchObject({ kind: "not-applicable" });
  });

  it("takes a subscriber in another network, and is told of", async () => {
    const events = described("<service><eventSubURL>/event</eventSubURL></service>", location);
    const http = { ...events.http, "SUBSCRIBE :49152/event": { headers: { sid: "uuid:1" } } };
    expect(await lookAt(callstranger, { ...events, device, host: "fd00::5", http })).toMatchObject({ kind: "failed" });
  });
});

describe("DISC-INFO", () => {
  const identity = { serial: "DS2CD123456", firmware: "V5.8.11 build 260722", vendor: "hikvision" } as const;
  const hungUp = new GatehouseError("camera-unreachable", "gone", { details: { disconnected: true } });
  it("waits for a page that may yet come", async () => {
    const late = new GatehouseError("camera-unreachable", "no word within 10 s");
    await expect(lookAt(discInfo, { identity, http: { "GET /": late } })).rejects.toBe(late);
  });

  it.each<Case>([
    ["tells nothing", { identity, http: { "GET /": { body: "<title>index</title>" } } }, "passed"],
    ["tells its serial number on its page", { identity, http: { "GET /": { body: "Serial ds2cd123456." } } }, "failed"],
    [
      "tells its firmware in a header",
      { identity, http: { "GET /": { headers: { server: "Cam/5.8.11" } } } },
      "failed",
    ],
    [
      "tells its firmware where it refuses",
      { identity, http: { "GET /": { status: 401, body: "V5.8.11" } } },
      "failed",
    ],
    [
      "tells its serial number when called",
      { identity, udp: { 3702: answering("onvif://www.onvif.org/serial/DS2CD123456") } },
      "failed",
    ],
    ["tells it in its description", { identity, ...described("<serialNumber>DS2CD123456</serialNumber>") }, "failed"],
    ["describes itself without it", { identity, ...described("<modelName>DS-2CD</modelName>") }, "passed"],
    ["tells another version", { identity, http: { "GET /": { body: "jquery 5.8.111, 15.8.11, 5.8.11.2" } } }, "passed"],
    ["hangs up on whoever asks for a page, and tells nothing", { identity, http: { "GET /": hungUp } }, "passed"],
    [
      "hangs up on whoever asks for a page, and tells it when called",
      { identity, http: { "GET /": hungUp }, udp: { 3702: answering("onvif://www.onvif.org/x/DS2CD123456") } },
      "failed",
    ],
    ["does not tell the gateway what it is", { http: { "GET /": { body: "V5.8.11" } } }, "unknown"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(discInfo, script)).kind).toBe(kind);
  });

  it("does not take a short serial number, or a version of two numbers, for told", () => {
    expect(revealedIn("1234 and 5.8", { serial: "1234", firmware: "5.8", vendor: "other" })).toEqual([]);
    expect(
      revealedIn("2.420.0000.11.R", { serial: "", firmware: "2.420.0000.11.R.20170620", vendor: "dahua" }),
    ).toEqual(["firmware"]);
  });
});

describe("CALLSTRANGER", () => {
  const events = described("<serviceList><service><eventSubURL>/event</eventSubURL></service></serviceList>");
  const subscribe = "SUBSCRIBE :49152/event";
  it("ends a subscription that was taken", async () => {
    const http = { ...events.http, [subscribe]: { headers: { sid: "uuid:1" } } };
    const camera = scriptedCamera({ ...events, http });
    expect((await callstranger.look(camera, { signal: new AbortController().signal })).kind).toBe("failed");
    expect(camera.asked.slice(-2)).toEqual([`http nobody ${subscribe}`, "http nobody UNSUBSCRIBE :49152/event"]);
  });

  it.each<Case>([
    ["takes no subscribers", {}, "not-applicable"],
    [
      "takes a foreign one",
      { ...events, http: { ...events.http, [subscribe]: { headers: { sid: "uuid:1" } } } },
      "failed",
    ],
    ["refuses a foreign one", { ...events, http: { ...events.http, [subscribe]: { status: 412 } } }, "passed"],
    ["answers without a subscription", { ...events, http: { ...events.http, [subscribe]: { status: 200 } } }, "passed"],
    [
      "names another host's service",
      described("<service><eventSubURL>http://192.168.1.99:49152/event</eventSubURL></service>"),
      "not-applicable",
    ],
    [
      "describes itself at another host",
      { udp: { 1900: ssdp("http://192.168.1.99:49152/root.xml") } },
      "not-applicable",
    ],
    ["describes itself in rubbish", described("<not closed"), "not-applicable"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(callstranger, script)).kind).toBe(kind);
  });
});
