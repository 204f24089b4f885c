import { describe, expect, it } from "@jest/globals";

import type { Remedy } from "../remedy.ts";
import { clockSet } from "./clock-set.ts";
import { ddnsOff } from "./ddns-off.ts";
import { discoveryOff } from "./discovery-off.ts";
import { egressOffFrom } from "./egress-off.ts";
import { hashingSha256 } from "./hashing-sha256.ts";
import { httpOff } from "./http-off.ts";
import { ipFilter } from "./ip-filter.ts";
import { ipv6Off } from "./ipv6-off.ts";
import { passwordPolicy } from "./password-policy.ts";
import { cancel, ObedientCamera } from "./testing/obedient-camera.ts";

const own = () => Promise.resolve("192.168.1.2");

interface Case {
  readonly remedy: Remedy;
  /** What it tells the camera; a camera that only says yes to it is found out. */
  readonly tells: string;
  /** What has to be known to the camera. */
  readonly asks: string;
  /** Of its state, what is different afterwards. */
  readonly after: Partial<ObedientCamera["state"]>;
  readonly ready?: (camera: ObedientCamera) => void;
}

const overTls = (camera: ObedientCamera): void => {
  camera.state.https = true;
  camera.place = { url: "https://192.168.1.20/onvif/device_service", pin: camera.factory.pin };
};

const cases: readonly Case[] = [
  {
    remedy: discoveryOff,
    tells: "SetDiscoveryMode",
    asks: "GetDiscoveryMode",
    after: { discovery: "NonDiscoverable" },
  },
  {
    remedy: ddnsOff,
    tells: "SetDynamicDNS",
    asks: "GetDynamicDNS",
    after: { ddns: { type: "NoUpdate", name: "cam.example", ttl: "PT60S" } },
  },
  {
    remedy: clockSet,
    tells: "SetSystemDateAndTime",
    asks: "GetSystemDateAndTime",
    after: { clock: { offMs: 0, type: "Manual", zone: "CET-1CEST" } },
  },
  {
    remedy: passwordPolicy,
    tells: "SetAuthFailureWarningConfiguration",
    asks: "GetAuthFailureWarningConfiguration",
    // 600 s are more than this camera takes.
    after: { warning: { enabled: "true", period: "300", failures: "5" }, minLength: "12" },
  },
  {
    remedy: ipFilter,
    tells: "SetIPAddressFilter",
    asks: "GetIPAddressFilter",
    after: { filter: ["192.168.1.2"] },
  },
  { remedy: ipv6Off, tells: "SetNetworkInterfaces", asks: "GetNetworkInterfaces", after: { ipv6: "false" } },
  {
    remedy: egressOffFrom(own),
    tells: "SetNetworkDefaultGateway",
    asks: "GetNetworkDefaultGateway",
    after: {
      gateway: ["192.168.1.2"],
      dhcp: "false",
      dns: { fromDhcp: "false", manual: ["192.168.1.2"] },
      ntp: { fromDhcp: "false", manual: ["192.168.1.2"] },
    },
  },
  {
    remedy: hashingSha256,
    tells: "SetHashingAlgorithm",
    asks: "GetServiceCapabilities",
    after: { hashing: ["SHA-256", "MD5"] },
  },
  {
    remedy: httpOff,
    tells: "SetNetworkProtocols",
    asks: "GetNetworkProtocols",
    after: { http: false },
    ready: overTls,
  },
];

const readied = ({ ready }: Case): ObedientCamera => {
  const camera = new ObedientCamera();
  ready?.(camera);
  return camera;
};

const remembered = (camera: ObedientCamera, { remedy }: Case) => remedy.remember(camera.open(), camera.tools, cancel);

describe.each(cases)("$remedy.id", (each) => {
  const { remedy, after, tells, asks } = each;

  it("says what it does and what stops, and changes nothing by that", async () => {
    const camera = readied(each);
    const state = structuredClone(camera.state);
    const preview = await remedy.preview(camera.open(), cancel);
    // Nobody who has logged in by the better way takes the weaker one again.
    expect(preview).toMatchObject({ undoable: remedy.id !== "hashing-sha256" });
    if ("unfit" in preview) throw new Error(preview.unfit);
    expect(preview.steps.length).toBeGreaterThan(0);
    for (const text of [...preview.steps, ...preview.stops]) expect(text).toMatch(/^[A-Z].{10,}[^.]$/);
    await remembered(camera, each);
    expect(camera.state).toEqual(state);
    expect(camera.asked.filter((name) => /^(?:Set|Create|Delete|Add|Replace|Remove|System)/.test(name))).toEqual([]);
  });

  it("changes the camera, sees that it took, and finds nothing more to do", async () => {
    const camera = readied(each);
    const state = structuredClone(camera.state);
    const before = await remembered(camera, each);
    await remedy.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.state).toEqual({ ...state, ...after });
    const verdict = await remedy.verify(camera.open(), before, camera.tools, cancel);
    expect(verdict).toEqual({ kind: "fixed", evidence: expect.any(Array) as unknown });
    expect(verdict.kind === "fixed" && verdict.evidence.length).toBeGreaterThan(0);
    expect(await remedy.preview(camera.open(), cancel)).toHaveProperty("unfit");
  });

  it("brings back what was, as often as it is begun anew", async () => {
    const camera = readied(each);
    const state = structuredClone(camera.state);
    const before = JSON.parse(JSON.stringify(await remembered(camera, each))) as Record<string, unknown>;
    // Never changed at all.
    await remedy.undo(camera.open(), before, camera.tools, cancel);
    for (let round = 0; round < 2; round += 1) await remedy.apply(camera.open(), before, camera.tools, cancel);
    for (let round = 0; round < 2; round += 1) await remedy.undo(camera.open(), before, camera.tools, cancel);
    // Nobody brings back a time that was wrong.
    if (remedy.id === "clock-set") state.clock.offMs = 0;
    expect(camera.state).toEqual(state);
  });

  it("is not taken in by a camera that says yes and does nothing", async () => {
    const camera = readied(each);
    const before = await remembered(camera, each);
    camera.lies.add(tells);
    await remedy.apply(camera.open(), before, camera.tools, cancel);
    const verifying = remedy.verify(camera.open(), before, camera.tools, cancel);
    for (let turn = 0; turn < 40; turn += 1) await camera.clock.advance(2_000);
    expect(await verifying).toMatchObject({ kind: "not-fixed" });
  });

  it("is not offered where the camera does not know of it, or knows no ONVIF", async () => {
    const camera = readied(each);
    expect(await remedy.preview(camera.open({ kind: "rtsp" }), cancel)).toHaveProperty("unfit");
    camera.unknown.add(asks);
    const preview = remedy.preview(camera.open(), cancel);
    expect(await preview.catch(() => ({ unfit: "" }))).toHaveProperty("unfit");
  });
});

describe("what the camera says of itself is not enough", () => {
  it("where it still answers when it is called", async () => {
    const camera = new ObedientCamera();
    const before = await discoveryOff.remember(camera.open(), camera.tools, cancel);
    await discoveryOff.apply(camera.open(), before, camera.tools, cancel);
    const talks = new ObedientCamera().open();
    const verdict = await discoveryOff.verify({ ...camera.open(), ports: talks.ports }, before, camera.tools, cancel);
    expect(verdict).toMatchObject({ kind: "not-fixed" });
  });

  it("where its door without TLS stays open", async () => {
    const camera = new ObedientCamera();
    overTls(camera);
    const before = await httpOff.remember(camera.open(), camera.tools, cancel);
    await httpOff.apply(camera.open(), before, camera.tools, cancel);
    const verifying = httpOff.verify(camera.open({ tcp: { 80: "" } }), before, camera.tools, cancel);
    for (let turn = 0; turn < 40; turn += 1) await camera.clock.advance(2_000);
    expect(await verifying).toMatchObject({ kind: "not-fixed" });
  });
});

describe("nobody is locked out", () => {
  it("HTTP stays on while the gateway itself goes by it", async () => {
    expect(await httpOff.preview(new ObedientCamera().open(), cancel)).toMatchObject({ unfit: expect.stringContaining("HTTPS") as unknown }); // prettier-ignore
  });

  it("IPv6 stays on while the gateway itself goes by it", async () => {
    const camera = new ObedientCamera();
    expect(await ipv6Off.preview(camera.open({ host: "fd00::5" }), cancel)).toHaveProperty("unfit");
  });

  it("a camera in another network keeps its router", async () => {
    const camera = new ObedientCamera();
    const away = egressOffFrom(() => Promise.resolve("10.9.9.9"));
    expect(await away.preview(camera.open(), cancel)).toHaveProperty("unfit");
    expect(camera.asked.filter((name) => name.startsWith("Set"))).toEqual([]);
  });

  it("the filter lets in the very address that was shown", async () => {
    const preview = await ipFilter.preview(new ObedientCamera().open(), cancel);
    expect(JSON.stringify(preview)).toContain("192.168.1.2");
  });
});

it("a time server at home goes on", async () => {
  const camera = new ObedientCamera();
  camera.state.ntp = { fromDhcp: "false", manual: ["192.168.1.1"] };
  const remedy = egressOffFrom(own);
  const before = await remedy.remember(camera.open(), camera.tools, cancel);
  await remedy.apply(camera.open(), before, camera.tools, cancel);
  expect(camera.state.ntp.manual).toEqual(["192.168.1.1"]);
});

it("a camera that takes its network anew at a restart is restarted, and asked when it is there again", async () => {
  const camera = new ObedientCamera();
  camera.needsRestart = true;
  const before = await ipv6Off.remember(camera.open(), camera.tools, cancel);
  const applying = ipv6Off.apply(camera.open(), before, camera.tools, cancel);
  for (let second = 0; second < 130; second += 1) await camera.clock.advance(1_000);
  await applying;
  expect(camera.state).toMatchObject({ ipv6: "false", rebooted: 1 });
  expect(await ipv6Off.verify(camera.open(), before, camera.tools, cancel)).toMatchObject({ kind: "fixed" });
});
