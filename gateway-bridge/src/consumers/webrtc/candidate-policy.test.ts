import { describe, expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import type { Interfaces } from "../../domain/viewer-address-policy.ts";
import { isOnLoopback, isViewerAddress, usableCandidates } from "./candidate-policy.ts";

const attached: NetworkInterfaceInfo = {
  address: "203.0.113.5",
  netmask: "255.255.255.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal: false,
  cidr: "203.0.113.5/24",
};
const interfaces: Interfaces = { eth0: [attached] };
const addresses = (lines: readonly string[], fromHere = true): readonly string[] =>
  usableCandidates(lines, { interfaces, fromHere }).map(({ address, port }) => `${address} ${port}`);

describe("A viewer's candidate", () => {
  it.each([
    ["a private address", "1 1 udp 2113937151 192.168.1.20 54321 typ host generation 0", "192.168.1.20 54321"],
    ["a unique local address", "1 1 UDP 2113937151 FD00:0::2 5000 typ host", "fd00::2 5000"],
    [
      "an address of an attached network",
      "1 1 udp 1 203.0.113.9 5000 typ srflx raddr 0.0.0.0 rport 0",
      "203.0.113.9 5000",
    ],
    ["loopback", "1 1 udp 1 127.0.0.1 5000 typ host", "127.0.0.1 5000"],
    ["IPv4 within IPv6", "1 1 udp 1 ::ffff:10.0.0.7 5000 typ host", "10.0.0.7 5000"],
  ])("is tried: %s", (_, line, expected) => {
    expect(addresses([line])).toEqual([expected]);
  });

  it.each([
    ["a name that hides an address", "1 1 udp 1 6e042566-1858-49a5-95fa-63c0af200262.local 54878 typ host"],
    ["any other name", "1 1 udp 1 example.com 80 typ host"],
    ["a stranger's address", "1 1 udp 1 8.8.8.8 5000 typ srflx raddr 0.0.0.0 rport 0"],
    ["multicast", "1 1 udp 1 224.0.0.251 5353 typ host"],
    ["broadcast", "1 1 udp 1 203.0.113.255 5000 typ host"],
    ["TCP", "1 1 tcp 1 192.168.1.20 9 typ host tcptype active"],
    ["RTCP apart", "1 2 udp 1 192.168.1.20 5001 typ host"],
    ["port 0", "1 1 udp 1 192.168.1.20 0 typ host"],
    ["a port too high", "1 1 udp 1 192.168.1.20 70000 typ host"],
    ["a priority too high", "1 1 udp 4294967295 192.168.1.20 5000 typ host"],
    ["an unknown type", "1 1 udp 1 192.168.1.20 5000 typ other"],
    ["a line break", "1 1 udp 1 192.168.1.20\n 5000 typ host"],
    ["nothing", ""],
  ])("is left out: %s", (_, line) => {
    expect(addresses([line])).toEqual([]);
  });

  it.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])(
    "is left out where it names a service of this box to somebody elsewhere: %s",
    (address) => {
      const line = `1 1 udp 1 ${address} 53 typ host`;
      expect(addresses([line], false)).toEqual([]);
      expect(addresses([line], true)).toHaveLength(1);
    },
  );

  it("is one of sixteen at most", () => {
    const lines = Array.from({ length: 40 }, (_, index) => `1 1 udp 1 10.0.0.${index + 1} 5000 typ host`);
    expect(addresses(lines)).toHaveLength(16);
  });

  it.each([
    [[], false],
    [["127.0.0.1"], true],
    [["127.0.0.1", "::1"], true],
    [["127.0.0.1", "10.0.0.1"], false],
  ])("%j alone means that the viewer is on this box: %s", (list, expected) => {
    const candidates = list.map((address) => ({ foundation: "1", priority: 1, address, port: 5_000 }));
    expect(isOnLoopback(candidates)).toBe(expected);
  });

  it.each([
    ["192.168.7.7", true],
    ["203.0.113.9", true],
    ["127.0.0.1", false],
    ["198.51.100.1", false],
    ["2606:4700::1111", false],
    ["?", false],
  ])("%s that turned out to be where the viewer is may be sent to: %s", (address, expected) => {
    expect(isViewerAddress(address, { interfaces, fromHere: false })).toBe(expected);
  });

  it("on this box's loopback may be sent to where it asked from this box", () => {
    expect(isViewerAddress("127.0.0.1", { interfaces, fromHere: true })).toBe(true);
  });
});
