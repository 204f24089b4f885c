import type { CameraId, RouterMapping } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { Interfaces } from "../../domain/viewer-address-policy.ts";
import { readDefaultGateways } from "./default-gateways.ts";
import { isNeighbour } from "./find-routers.ts";
import { judgeOutsideAddress } from "./outside-address-policy.ts";
import { explainKept } from "./removal-policy.ts";
import { mostWatched, nextWatch, type CameraMapping, type WatchedMapping } from "./watch-policy.ts";

describe("readDefaultGateways", () => {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  const row = (destination: string, gateway: string, flags: string, metric: number, mask = "00000000"): string =>
    `eth0\t${destination}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`;

  it("names the ways out, the most preferred first, each once", () => {
    const table = [
      head,
      row("00000000", "0101A8C0", "0003", 600),
      row("00000000", "FE00000A", "0003", 100),
      row("00000000", "0101A8C0", "0003", 700),
      row("0001A8C0", "00000000", "0001", 100, "00FFFFFF"),
    ];
    expect(readDefaultGateways(table.join("\n"))).toEqual(["10.0.0.254", "192.168.1.1"]);
  });

  it.each([
    ["no route", [head]],
    ["nothing", [""]],
    ["a way that is down", [head, row("00000000", "0101A8C0", "0002", 1)]],
    ["a way without a gateway, as of a tunnel", [head, row("00000000", "00000000", "0001", 1)]],
    ["a route to half of the world", [head, row("00000000", "0101A8C0", "0003", 1, "00000080")]],
    ["rubbish", [head, "eth0 00000000 zz 0003 0 0 0 00000000", "a b"]],
  ])("finds none in %s", (_, table) => {
    expect(readDefaultGateways(table.join("\n"))).toEqual([]);
  });
});

describe("judgeOutsideAddress", () => {
  it.each([
    ["9.9.9.9", "public"],
    ["100.63.255.255", "public"],
    ["100.64.0.1", "carrier-nat"],
    ["100.127.255.255", "carrier-nat"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["192.168.178.2", "private"],
    ["169.254.1.1", "private"],
    ["127.0.0.1", "unknown"],
    ["0.0.0.0", "unknown"],
    ["203.0.113.2", "unknown"],
    ["198.51.100.2", "unknown"],
    ["224.0.0.1", "unknown"],
    ["255.255.255.255", "unknown"],
    ["2001:db8::1", "unknown"],
    ["router.example", "unknown"],
    ["", "unknown"],
    [null, "unknown"],
  ])("takes %j for %s", (address, expected) => {
    expect(judgeOutsideAddress(address)).toBe(expected);
  });
});

describe("isNeighbour", () => {
  const interfaces: Interfaces = {
    eth0: [
      { address: "8.8.8.2", netmask: "255.255.255.0", family: "IPv4", mac: "", internal: false, cidr: "8.8.8.2/24" },
    ],
  };
  it.each([
    ["192.168.1.1", true],
    ["127.0.0.1", true],
    ["8.8.8.1", true],
    ["8.8.4.4", false],
    ["fe80::1", false],
    ["router", false],
  ])("judges %s: %s", (address, expected) => {
    expect(isNeighbour(address, interfaces)).toBe(expected);
  });
});

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const mapping: RouterMapping = {
  ...{ protocol: "TCP", externalPort: 20_554, internalClient: "192.168.1.20", internalPort: 554, description: "" },
  ...{ lease: 0, enabled: true, camera },
};

describe("explainKept", () => {
  const refusal = (code: number, words = "") => ({ code, words });
  it.each([
    [refusal(606), true, /only, and this one is the camera's \(error 606\)/],
    [refusal(501, "ActionFailed"), true, /refused \(error 501: ActionFailed\)/],
    [refusal(718), true, /refused \(error 718\)/],
    [undefined, true, /said yes, but keeps it/],
    [undefined, false, /does not tell all/],
  ])("says why: %j, told %s", (given, told, why) => {
    expect(explainKept({ mapping, page: null, refusal: given, told }).why).toMatch(why);
  });

  it.each([
    [0, null, /^Switch UPnP off in the camera.*remove the forwarding at the router's own page: it has no end/],
    [0, "http://192.168.1.1/", /at the router's own page \(http:\/\/192\.168\.1\.1\/\)/],
    [45, null, /by itself within 45 seconds/],
    [3_600, null, /by itself within 60 minutes/],
    [86_400, null, /by itself within 24 hours/],
    [604_800, null, /by itself within 7 days/],
  ])("says what to do next about a lease of %i s", (lease, page, next) => {
    expect(explainKept({ mapping: { ...mapping, lease }, page, refusal: refusal(606), told: true }).next).toMatch(next);
  });
});

describe("nextWatch", () => {
  const one: CameraMapping = {
    ...{ protocol: "TCP", externalPort: 20_554, internalClient: "192.168.1.20", internalPort: 554, camera },
  };
  const moved: CameraMapping = { ...one, externalPort: 31_000 };
  const there: WatchedMapping = { mapping: one, there: true };
  const gone: WatchedMapping = { mapping: one, there: false };

  it.each([
    ["a first one", [], [one], true, [there], [{ mapping: one, again: false }]],
    ["one that stays", [there], [one], true, [there], []],
    ["one that goes", [there], [], true, [gone], []],
    ["one that is not told of by a router that does not tell all", [there], [], false, [there], []],
    ["one that stays away", [gone], [], true, [gone], []],
    ["one that comes back", [gone], [one], true, [there], [{ mapping: one, again: true }]],
    [
      "one that comes back at another port outside",
      [gone],
      [moved],
      true,
      [{ mapping: moved, there: true }],
      [{ mapping: moved, again: true }],
    ],
  ] as const)("tells of %s", (_, known, seen, complete, next, sightings) => {
    expect(nextWatch(known, seen, complete)).toEqual({ known: next, sightings });
  });

  it("remembers no more than it may, those that are there before others", () => {
    const many = Array.from({ length: 400 }, (_, index): WatchedMapping => ({
      mapping: { ...one, internalPort: index + 1 },
      there: false,
    })); // prettier-ignore
    const { known } = nextWatch(many, [{ ...one, internalPort: 65_000 }], true);
    expect(known).toHaveLength(mostWatched);
    expect(known.at(-1)).toMatchObject({ there: true });
  });
});
