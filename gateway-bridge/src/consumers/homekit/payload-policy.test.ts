import { describe, expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import { plainAddress, type Interfaces } from "../../domain/viewer-address-policy.ts";
import { pathTo, payloadSize } from "./payload-policy.ts";

describe("payloadSize", () => {
  it.each([
    // What HomeKit asks for.
    [1_378, "ipv4", true, 1_328],
    [1_228, "ipv6", true, 1_158],
    [1_378, "ipv4", false, 1_200],
    [1_228, "ipv6", false, 1_158],
    // Never more than was asked for ...
    [1_377, "ipv4", true, 1_327],
    [1_250, "ipv4", false, 1_200],
    [1_249, "ipv4", false, 1_199],
    [1_270, "ipv6", false, 1_200],
    [1_269, "ipv6", false, 1_199],
    [500, "ipv4", true, 450],
    [500, "ipv6", false, 430],
    // ... nor than is known to be taken.
    [1_379, "ipv4", true, 1_328],
    [65_535, "ipv4", true, 1_328],
    [65_535, "ipv6", true, 1_308],
    [65_535, "ipv6", false, 1_200],
  ] as const)("of an MTU of %i over %s (directly: %s) is %i", (mtu, family, direct, size) => {
    expect(payloadSize({ mtu, path: { family, direct } })).toBe(size);
  });
});

describe("pathTo", () => {
  const info = (cidr: string, mac = "00:00:5e:00:53:01"): NetworkInterfaceInfo => {
    const [address = ""] = cidr.split("/");
    const shared = { address, internal: false, netmask: "255.255.255.0", cidr, mac };
    return address.includes(":") ? { ...shared, family: "IPv6", scopeid: 0 } : { ...shared, family: "IPv4" };
  };
  const interfaces: Interfaces = {
    eth0: [info("192.168.1.2/24"), info("fe80::a/64"), info("fd00:1::a/64")],
    wg0: [info("10.8.0.1/24", "00:00:00:00:00:00")],
    gone: undefined,
  };
  it.each([
    ["192.168.1.9", "ipv4", true],
    ["fe80::9", "ipv6", true],
    ["fd00:1::9", "ipv6", true],
    ["127.0.0.1", "ipv4", true],
    ["::1", "ipv6", true],
    // Behind a router, and behind a tunnel.
    ["192.168.2.9", "ipv4", false],
    ["fd00:2::9", "ipv6", false],
    ["10.8.0.9", "ipv4", false],
  ] as const)("to %s is by %s, directly: %s", (viewer, family, direct) => {
    expect(pathTo(plainAddress(viewer)!, interfaces)).toEqual({ family, direct });
  });
});
