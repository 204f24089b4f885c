import { describe, expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import { planSocket } from "./local-address-policy.ts";
import { plainAddress, type Interfaces } from "../../domain/viewer-address-policy.ts";

const info = (family: "IPv4" | "IPv6", address: string, internal = false): NetworkInterfaceInfo => {
  const shared = { address, internal, netmask: "", cidr: null, mac: "00:00:5e:00:53:01" };
  return family === "IPv6" ? { ...shared, family, scopeid: 0 } : { ...shared, family };
};
const lo = [info("IPv4", "127.0.0.1", true), info("IPv6", "::1", true)];
const eth0 = [info("IPv4", "192.168.1.2"), info("IPv6", "fe80::a"), info("IPv6", "fd00::a")];
const wlan0 = [info("IPv4", "192.168.2.2"), info("IPv6", "fe80::b")];
const one: Interfaces = { lo, eth0 };
const two: Interfaces = { lo, eth0, wlan0 };
const none: Interfaces = { lo, gone: undefined };

type Expected = { viewer: string; bind: string | undefined } | "no-interface";
const table: readonly [viewer: string, localAddress: string | undefined, interfaces: Interfaces, expected: Expected][] =
  [
    ["192.168.1.9", "192.168.1.2", two, { viewer: "192.168.1.9", bind: "192.168.1.2" }],
    ["192.168.1.9", "192.168.2.2", two, { viewer: "192.168.1.9", bind: "192.168.2.2" }],
    ["192.168.1.9", "::ffff:192.168.1.2", two, { viewer: "192.168.1.9", bind: "192.168.1.2" }],
    // Homebridge on another host, and no HAP address at all: the routing table decides.
    ["192.168.1.9", "192.168.1.77", two, { viewer: "192.168.1.9", bind: undefined }],
    ["192.168.1.9", undefined, two, { viewer: "192.168.1.9", bind: undefined }],
    ["192.168.1.9", "nonsense", two, { viewer: "192.168.1.9", bind: undefined }],
    // Another family, or the loopback, can not reach the viewer.
    ["192.168.1.9", "fd00::a", two, { viewer: "192.168.1.9", bind: undefined }],
    ["fd00::9", "192.168.1.2", two, { viewer: "fd00::9", bind: undefined }],
    ["192.168.1.9", "127.0.0.1", two, { viewer: "192.168.1.9", bind: undefined }],
    ["127.0.0.1", "192.168.1.2", two, { viewer: "127.0.0.1", bind: undefined }],
    ["127.0.0.1", "127.0.0.1", two, { viewer: "127.0.0.1", bind: "127.0.0.1" }],
    ["::1", "::1", two, { viewer: "::1", bind: "::1" }],
    ["fd00::9", "fd00:0::a", one, { viewer: "fd00::9", bind: "fd00::a" }],
    // Link-local: on the interface of the HAP connection, or the only one there is.
    ["fe80::9", "fe80::b", two, { viewer: "fe80::9%wlan0", bind: "fe80::b%wlan0" }],
    ["fe80::9", "fd00::a", two, { viewer: "fe80::9%eth0", bind: "fd00::a" }],
    ["fe80::9", undefined, one, { viewer: "fe80::9%eth0", bind: undefined }],
    ["fe80::9", undefined, two, "no-interface"],
    ["fe80::9", "fe80::77", two, "no-interface"],
    ["fe80::9", undefined, none, "no-interface"],
  ];

describe("planSocket", () => {
  it.each(table)("sends to %s with HAP at %s (%#)", (viewer, localAddress, interfaces, expected) => {
    const plan = planSocket({ viewer: plainAddress(viewer)!, localAddress, interfaces });
    expect(plan).toEqual(expected === "no-interface" ? { kind: expected } : { kind: "open", ...expected });
  });
});
