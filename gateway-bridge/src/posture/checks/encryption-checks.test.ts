import { describe, expect, it } from "@jest/globals";
import { CameraId, GatehouseError } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { ProbedHome } from "../probe/probed-home.ts";
import { netHttp } from "./net-http.ts";
import { netHttpsOff } from "./net-https-off.ts";
import { tlsPinChanged } from "./tls-pin-changed.ts";
import { tlsWeak } from "./tls-weak.ts";
import { lookAt, type Case } from "./testing/look-at.ts";
import { scriptedCamera, soundTls, type CameraScript } from "./testing/scripted-camera.ts";

const secure = "https://192.168.1.20/onvif/device_service";
const protocols = (
  ...list: readonly (readonly [name: string, enabled: boolean, port: number])[]
): CameraScript["onvif"] => ({
  GetNetworkProtocols: `<R>${list
    .map(
      ([name, on, port]) =>
        `<NetworkProtocols><Name>${name}</Name><Enabled>${on}</Enabled><Port>${port}</Port></NetworkProtocols>`,
    )
    .join("")}</R>`,
});
const toTls = { status: 301, headers: { location: "https://192.168.1.20/" } };

describe("NET-HTTP", () => {
  it.each<Case>([
    ["its page", { device: secure, tcp: { 80: "", 443: "" }, http: { "GET :80/": {} } }, "failed"],
    ["a login page", { device: secure, tcp: { 80: "" }, http: { "GET :80/": { status: 401 } } }, "failed"],
    [
      "at another port",
      { device: secure, onvif: protocols(["HTTP", true, 8080]), tcp: { 8080: "" }, http: { "GET :8080/": {} } },
      "failed",
    ],
    ["the gateway itself comes in by it", { tcp: { 80: "" }, http: { "GET /": {} } }, "failed"],
    ["people are sent to TLS, and the gateway is not", { tcp: { 80: "" }, http: { "GET /": toTls } }, "failed"],
    ["all are sent to TLS", { device: secure, tcp: { 80: "" }, http: { "GET :80/": toTls } }, "passed"],
    ["the port is closed", { device: secure, tcp: { 443: "" } }, "passed"],
    [
      "one port says nothing, and another serves pages",
      {
        device: secure,
        onvif: protocols(["HTTP", true, 8080]),
        tcp: { 8080: "", 80: "" },
        http: { "GET :8080/": new GatehouseError("camera-unreachable", "no word"), "GET :80/": {} },
      },
      "failed",
    ],
    [
      "its one port says nothing",
      { device: secure, tcp: { 80: "" }, http: { "GET :80/": new GatehouseError("camera-unreachable", "no word") } },
      "unknown",
    ],
    [
      "it says that it is on, and the port is closed",
      { device: secure, onvif: protocols(["HTTP", true, 80]) },
      "passed",
    ],
    [
      "something else is there",
      {
        device: secure,
        tcp: { 80: "SSH-2.0" },
        http: { "GET :80/": new GatehouseError("camera-answer-malformed", "no HTTP") },
      },
      "passed",
    ],
  ])("%s", async (_, script, kind) => expect((await lookAt(netHttp, script)).kind).toBe(kind));
});

describe("NET-HTTPS-OFF", () => {
  it.each<Case>([
    ["nothing at the port", {}, "failed"],
    ["the port is open and speaks no TLS", { tcp: { 443: "" } }, "failed"],
    ["it says that it is on, and lies", { onvif: protocols(["HTTPS", true, 443]) }, "failed"],
    ["it speaks TLS", { tcp: { 443: "" }, tls: { 443: { modern: {} } } }, "passed"],
    [
      "it speaks what is broken alone",
      { tcp: { 443: "" }, tls: { 443: { broken: [{ protocol: "SSLv3", cipher: "TLS_RSA_WITH_RC4_128_SHA" }] } } },
      "failed",
    ],
    ["it speaks an old TLS", { tcp: { 443: "" }, tls: { 443: { old: {} } } }, "passed"],
    [
      "at another port",
      { onvif: protocols(["HTTPS", true, 8443]), tcp: { 8443: "" }, tls: { 8443: { modern: {} } } },
      "passed",
    ],
    [
      "it says that it is off, and the port speaks it",
      { onvif: protocols(["HTTPS", false, 443]), tcp: { 443: "" }, tls: { 443: { modern: {} } } },
      "passed",
    ],
    ["it has no page at all", { kind: "rtsp" }, "not-applicable"],
    ["it has a page, and no ONVIF", { kind: "rtsp", tcp: { 80: "" } }, "failed"],
  ])("%s", async (_, script, kind) => expect((await lookAt(netHttpsOff, script)).kind).toBe(kind));
});

describe("TLS-WEAK", () => {
  const lookAtHome = (...cameras: readonly ProbedCamera[]) =>
    tlsWeak.look({ cameras } as unknown as ProbedHome, { signal: new AbortController().signal });
  const at443 = (seen: NonNullable<CameraScript["tls"]>[number], more: CameraScript = {}): CameraScript => ({
    tcp: { 443: "" },
    tls: { 443: seen },
    ...more,
  });

  const silent = new GatehouseError("camera-unreachable", "no word");

  it.each<readonly [string, CameraScript, object]>([
    ["TLS 1.0 beside a later one", at443({ modern: {}, old: {} }), { kind: "failed", severity: "medium" }],
    ["TLS 1.0 alone", at443({ old: {} }), { kind: "failed", severity: "high" }],
    ["a short RSA key", at443({ modern: { keyType: "rsa", keyBits: 1_024 } }), { kind: "failed", severity: "high" }],
    ["RSA of 2048 bits", at443({ modern: { keyType: "rsa", keyBits: 2_048 } }), { kind: "passed" }],
    [
      "a certificate signed by SHA-1",
      at443({ modern: { signature: "sha1WithRSAEncryption" } }),
      { kind: "failed", severity: "medium" },
    ],
    ["one signed by SHA-256", at443({ modern: { signature: "sha256WithRSAEncryption" } }), { kind: "passed" }],
    [
      "one that has run out",
      at443({ modern: { notAfter: 1_600_000_000_000 } }),
      { kind: "failed", severity: "medium" },
    ],
    [
      "RC4 beside what is sound",
      at443({ modern: {}, broken: [{ protocol: "TLSv1.2", cipher: "TLS_RSA_WITH_RC4_128_SHA" }] }),
      {
        kind: "failed",
        severity: "high",
        evidence: ["Port 443 takes TLS_RSA_WITH_RC4_128_SHA, which is broken (RFC 9325)."],
      },
    ],
    [
      "SSL 3.0 alone",
      at443({ broken: [{ protocol: "SSLv3", cipher: "TLS_RSA_WITH_AES_128_CBC_SHA" }] }),
      { kind: "failed", severity: "high", evidence: ["Port 443 takes SSL 3.0, which is broken (RFC 7568)."] },
    ],
    ["no word to an old TLS", at443({ modern: {}, old: silent }), { kind: "passed" }],
    ["no word to any", at443({ modern: silent }), { kind: "unknown" }],
    [
      "a key that another camera has",
      at443({ modern: {} }, { otherPins: [soundTls.pin] }),
      { kind: "failed", severity: "high" },
    ],
    [
      "where streams come from",
      { streams: ["rtsps://h/main"], tcp: { 322: "" }, tls: { 322: { old: {} } } },
      { kind: "failed", severity: "high" },
    ],
    ["nothing wrong", at443({ modern: {} }, { otherPins: ["another"] }), { kind: "passed" }],
    ["no TLS", {}, { kind: "not-applicable" }],
  ])("%s", async (_, script, outcome) => {
    expect(await lookAtHome(scriptedCamera(script))).toMatchObject([outcome]);
  });
});

describe("TLS-WEAK of several cameras", () => {
  const [here, there] = ["cam-aaaaaaaaaaaaaaaa", "cam-bbbbbbbbbbbbbbbb"] as const;
  const camera = (id: string, key: string, more: CameraScript = {}): ProbedCamera =>
    scriptedCamera({
      id: CameraId.parse(id),
      host: id === here ? "192.168.1.20" : "192.168.1.21",
      tcp: { 443: "" },
      tls: { 443: { modern: { pin: key } } },
      ...more,
    });
  const kindsOf = async (...cameras: readonly ProbedCamera[]): Promise<readonly string[]> => {
    const found = await tlsWeak.look({ cameras } as unknown as ProbedHome, { signal: new AbortController().signal });
    return found.map(({ kind }) => kind);
  };

  it("finds one key in two of them, though none was confirmed", async () => {
    expect(await kindsOf(camera(here, "same"), camera(there, "same"))).toEqual(["failed", "failed"]);
    expect(await kindsOf(camera(here, "one"), camera(there, "other"))).toEqual(["passed", "passed"]);
  });

  it("takes two channels of one recorder for what they are", async () => {
    const channels = [here, there].map((id) => camera(id, "same", { host: "192.168.1.30" }));
    expect(await kindsOf(...channels)).toEqual(["passed", "passed"]);
  });

  it("goes by the key that the other shows, not by the one that it had", async () => {
    const beside = camera(there, "new", { pin: "old" });
    expect(await kindsOf(camera(here, "old", { otherPins: ["old"] }), beside)).toEqual(["passed", "passed"]);
    // A third, which is not looked at now, has it as well.
    expect(await kindsOf(camera(here, "old", { otherPins: ["old", "old"] }), beside)).toEqual(["failed", "passed"]);
  });

  it("judges one where the other cannot be asked", async () => {
    const silent = camera(there, "x");
    const failing = { ...silent, ports: { ...silent.ports, tcp: () => Promise.reject(new GatehouseError("camera-unreachable", "off")) } }; // prettier-ignore
    expect(await kindsOf(camera(here, "one"), failing)).toEqual(["passed", "unknown"]);
  });
});

describe("TLS-PIN-CHANGED", () => {
  const shown: CameraScript = { device: secure, tcp: { 443: "" }, tls: { 443: { modern: {} } } };

  it.each<Case>([
    ["another key", { ...shown, pin: "confirmed" }, "failed"],
    ["the key that was confirmed", { ...shown, pin: soundTls.pin }, "passed"],
    ["no key is shown", { device: secure, pin: "confirmed" }, "unknown"],
    ["none was confirmed", shown, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(tlsPinChanged, script)).kind).toBe(kind));
});
