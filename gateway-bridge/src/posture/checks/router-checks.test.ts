import type { CameraId, RouterMapping, RouterReport } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { ProbedHome } from "../probe/probed-home.ts";
import { igdMapCam } from "./igd-map-cam.ts";
import { igdOpen } from "./igd-open.ts";
import { scriptedCamera } from "./testing/scripted-camera.ts";
import { wanHairpin } from "./wan-hairpin.ts";
import { wanIpv6 } from "./wan-ipv6.ts";

const never = { signal: new AbortController().signal };
const porch = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const yard = "cam-bbbbbbbbbbbbbbbb" as CameraId;

type Router = RouterReport["routers"][number];
const quiet: Router = {
  ...{ name: "Router", address: "192.168.1.1", igd: null, natPmp: false, pcp: false, externalAddress: "9.9.9.9" },
  ...{ page: null, ipv6Firewall: null, mappings: [], complete: true },
};
const mapping: RouterMapping = {
  ...{ protocol: "TCP", externalPort: 20_554, internalClient: "192.168.1.20", internalPort: 554, description: "" },
  ...{ lease: 0, enabled: true, camera: porch },
};
const homeOf = (
  routers: readonly Partial<Router>[],
  cameras: readonly ProbedCamera[] = [scriptedCamera({ id: porch }), scriptedCamera({ id: yard, device: "http://192.168.1.21/" })],
  hairpin: ProbedHome["hairpin"] = async () => undefined,
): ProbedHome => ({
  ...{ cameras, hairpin, routerPage: "http://192.168.1.1/", clock: new TestClock() },
  router: { report: async () => ({ at: 1, routers: routers.map((each) => ({ ...quiet, ...each })) }) },
  wireless: async () => [],
  sameSecrets: () => [],
  foreignSecrets: () => [],
}); // prettier-ignore

describe("IGD-MAP-CAM", () => {
  const look = async (...routers: Partial<Router>[]) =>
    (await igdMapCam.look(homeOf(routers), never)).map(({ camera, kind }) => [camera, kind]);

  it("is about the camera that a mapping leads to, and passes the others", async () => {
    expect(await look({ igd: "1", mappings: [mapping] })).toEqual([
      [porch, "failed"],
      [yard, "passed"],
    ]);
  });

  it("knows a camera by its address, too, and is told of disabled mappings", async () => {
    const mappings = [{ ...mapping, camera: null, internalClient: "192.168.1.21", enabled: false }];
    expect(await look({ igd: "2", mappings })).toEqual([
      [porch, "passed"],
      [yard, "failed"],
    ]);
  });

  it("does not mind others' mappings", async () => {
    const mappings = [{ ...mapping, camera: null, internalClient: "192.168.1.200" }];
    expect(await look({ igd: "1", mappings })).toEqual([
      [porch, "passed"],
      [yard, "passed"],
    ]);
  });

  it.each([
    ["there is no router", []],
    ["the router does not tell all", [{ natPmp: true, complete: false }]],
  ])("is unknown where %s", async (_, routers) => {
    expect(await look(...routers)).toEqual([
      [porch, "unknown"],
      [yard, "unknown"],
    ]);
  });

  it.each([
    ["9.9.9.9", /^TCP port 20554 of 9\.9\.9\.9 leads to 192\.168\.1\.20:554, for good\.$/],
    ["100.64.1.2", /Your provider's network shields it today\.$/],
    ["192.168.0.2", /Another router before this one shields it today\.$/],
    [null, /^TCP port 20554 of the router's outside address/],
  ])("tells which door it is: at %s", async (externalAddress, words) => {
    const [outcome] = await igdMapCam.look(homeOf([{ igd: "1", externalAddress, mappings: [mapping] }]), never);
    expect(outcome).toMatchObject({ kind: "failed", evidence: [expect.stringMatching(words)] });
  });
});

describe("IGD-OPEN", () => {
  const look = async (...routers: Partial<Router>[]) => igdOpen.look(homeOf(routers), never);

  it.each([
    [{ igd: "2" as const }, /UPnP IGD 2; it holds 0 forwardings/],
    [{ natPmp: true, complete: false }, /NAT-PMP; it does not tell/],
    [{ pcp: true, complete: false }, /PCP; it does not tell/],
  ])("fails for a router that opens doors: %j", async (router, words) => {
    expect(await look(router)).toMatchObject([
      { camera: null, kind: "failed", evidence: [expect.stringMatching(words)] },
    ]);
  });

  it("tells of a forwarding that leads out of the home", async () => {
    const mappings = [mapping, { ...mapping, internalClient: "9.9.9.10", camera: null }];
    const [outcome] = await look({ igd: "1", mappings });
    expect(outcome).toMatchObject({
      evidence: [expect.anything(), expect.stringContaining("9.9.9.10:554, which is not")],
    });
  });

  it("passes one that keeps silent, and does not know without one", async () => {
    expect(await look({})).toMatchObject([{ camera: null, kind: "passed" }]);
    expect(await look()).toMatchObject([{ camera: null, kind: "unknown" }]);
  });
});

describe("WAN-HAIRPIN", () => {
  const look = async (hairpin: ProbedHome["hairpin"]) => wanHairpin.look(homeOf([{}], undefined, hairpin), never);

  it("fails where a camera's port answers outside, and says whose it is", async () => {
    const outcomes = await look(async (port) => port === 554);
    expect(outcomes).toEqual([
      {
        camera: null,
        kind: "failed",
        evidence: ["TCP port 554 of your internet address is open: where Front door, Front door answers at home."],
      },
    ]);
  });

  it("tries each port once, the cameras' own first, and not many", async () => {
    const tried: number[] = [];
    await look(async (port) => {
      tried.push(port);
      return false;
    });
    expect(tried.slice(0, 2)).toEqual([80, 554]);
    expect(new Set(tried).size).toBe(tried.length);
    expect(tried.length).toBeLessThanOrEqual(20);
  });

  it("passes where nothing answers, and does not know where it cannot be told", async () => {
    expect(await look(async () => false)).toMatchObject([{ camera: null, kind: "passed" }]);
    expect(await look(async () => undefined)).toMatchObject([{ camera: null, kind: "unknown" }]);
  });
});

describe("WAN-IPV6", () => {
  const answer = (address: string, enabled = true): string =>
    `<GetNetworkInterfacesResponse><NetworkInterfaces token="e"><Enabled>true</Enabled><IPv6><Enabled>${enabled}</Enabled><Config>
     <FromRA><Address>${address}</Address><PrefixLength>64</PrefixLength></FromRA></Config></IPv6></NetworkInterfaces></GetNetworkInterfacesResponse>`;
  const look = async (body: string, router: Partial<Router> = {}) => {
    const camera = scriptedCamera({ id: porch, onvif: { GetNetworkInterfaces: body } });
    const [outcome] = await wanIpv6.look(homeOf([router], [camera]), never);
    return outcome;
  };

  it.each([
    ["2a02:1234::5", "failed"],
    ["2001:db8::5", "passed"],
    ["fd00::5", "passed"],
    ["fe80::5", "passed"],
    ["rubbish", "passed"],
  ])("judges %s: %s", async (address, kind) => {
    expect(await look(answer(address))).toMatchObject({ camera: porch, kind });
  });

  it("does not mind an address that is switched off", async () => {
    expect(await look(answer("2a02:1234::5", false))).toMatchObject({ kind: "passed" });
  });

  it.each([
    [null, undefined],
    [{ enabled: false, pinholes: false }, undefined],
    [{ enabled: true, pinholes: true }, undefined],
    [{ enabled: true, pinholes: false }, "low"],
  ])("goes by what the router tells of its firewall: %j", async (ipv6Firewall, severity) => {
    const outcome = await look(answer("2a02:1234::5"), { ipv6Firewall });
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(outcome?.kind === "failed" && outcome.severity).toBe(severity);
  });

  it("says at which address alone it was looked at", async () => {
    const outcome = await look(answer("2a02:1234::5"));
    expect(outcome).toMatchObject({
      evidence: [
        "It has 2a02:1234::5.",
        "It was asked at 192.168.1.20 alone: what answers at the other was not looked at.",
      ],
    });
  });

  it("goes by the addresses at which this box met it, where it tells none, and where nobody could ask it", async () => {
    const mac = "02:00:00:00:00:01";
    const met = [
      { address: "192.168.1.20", mac },
      { address: "2a02:1234::7", mac },
      { address: "2a02:1234::8", mac: "02:00:00:00:00:02" },
    ];
    for (const kind of ["onvif", "rtsp"] as const) {
      const home = { ...homeOf([{}], [scriptedCamera({ id: porch, kind })]), neighbours: async () => met };
      const [outcome] = await wanIpv6.look(home, never);
      expect(outcome?.kind === "failed" && outcome.evidence[0]).toBe("It has 2a02:1234::7.");
    }
    const quietOne = { ...homeOf([{}], [scriptedCamera({ id: porch, kind: "rtsp" })]), neighbours: async () => met.slice(0, 1) }; // prettier-ignore
    expect(await wanIpv6.look(quietOne, never)).toMatchObject([{ kind: "not-applicable" }]);
  });

  it("does not know what a camera does not tell", async () => {
    const [outcome] = await wanIpv6.look(homeOf([{}], [scriptedCamera({ id: porch })]), never);
    expect(outcome).toMatchObject({ kind: "unknown" });
    const other = scriptedCamera({ id: porch, kind: "rtsp" });
    expect(await wanIpv6.look(homeOf([{}], [other]), never)).toMatchObject([{ kind: "not-applicable" }]);
  });
});
