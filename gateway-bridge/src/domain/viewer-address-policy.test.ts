import { describe, expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import { isLoopback, judgeViewer, plainAddress, type Interfaces } from "./viewer-address-policy.ts";

const v4 = (cidr: string, netmask: string, internal = false): NetworkInterfaceInfo => ({
  family: "IPv4",
  address: cidr.split("/")[0] ?? "",
  netmask,
  cidr,
  internal,
  mac: "00:00:5e:00:53:01",
});
const v6 = (cidr: string, internal = false): NetworkInterfaceInfo => ({
  family: "IPv6",
  address: cidr.split("/")[0] ?? "",
  netmask: "",
  cidr,
  internal,
  mac: "00:00:5e:00:53:01",
  scopeid: 0,
});

const interfaces: Interfaces = {
  lo: [v4("127.0.0.1/8", "255.0.0.0", true), v6("::1/128", true)],
  eth0: [v4("192.168.1.2/24", "255.255.255.0"), v6("fe80::1234/64"), v6("2001:db8:1:2::2/64")],
  // A public subnet that the box is attached to, a point-to-point link, and tunnels that route everything.
  eth1: [v4("203.0.113.2/28", "255.255.255.240"), v4("198.51.100.8/31", "255.255.255.254")],
  wg0: [v4("100.64.0.9/1", "128.0.0.0"), v6("2001:db8:ffff::1/1")],
};

type Kind = "allowed" | "refused";
const table: readonly [viewer: string, localAddress: string | undefined, kind: Kind, what: string][] = [
  ["192.168.1.40", undefined, "allowed", "private, 192.168/16"],
  ["192.168.77.40", "192.168.1.2", "allowed", "private on another subnet, as VLANs have it"],
  ["10.255.255.254", undefined, "allowed", "private, 10/8"],
  ["172.16.0.1", undefined, "allowed", "private, first of 172.16/12"],
  ["172.31.255.254", undefined, "allowed", "private, last of 172.16/12"],
  ["172.32.0.1", undefined, "refused", "just past 172.16/12"],
  ["172.15.255.255", undefined, "refused", "just before 172.16/12"],
  ["169.254.7.7", undefined, "allowed", "link-local"],
  ["fe80::42", undefined, "allowed", "link-local"],
  ["febf::1", undefined, "allowed", "link-local, last of fe80::/10"],
  ["fec0::1", undefined, "refused", "site-local, withdrawn"],
  ["fd12:3456::1", undefined, "allowed", "unique local"],
  ["fc00::1", undefined, "allowed", "unique local"],
  ["203.0.113.7", undefined, "allowed", "public, on an attached subnet"],
  ["203.0.113.17", undefined, "refused", "public, one past the attached subnet"],
  ["198.51.100.9", undefined, "allowed", "the other end of a point-to-point link"],
  ["2001:db8:1:2::77", undefined, "allowed", "global, on an attached subnet"],
  ["2001:db8:1:3::77", undefined, "refused", "global, on the next subnet"],
  ["100.64.0.10", undefined, "refused", "within a tunnel that routes half the world"],
  ["8.8.8.8", undefined, "refused", "public"],
  ["2606:4700::1111", undefined, "refused", "public"],
  ["192.168.1.255", undefined, "refused", "broadcast of an attached subnet"],
  ["192.168.1.0", undefined, "refused", "an attached subnet itself"],
  ["203.0.113.15", undefined, "refused", "broadcast of an attached public subnet"],
  ["255.255.255.255", undefined, "refused", "limited broadcast"],
  ["0.0.0.0", undefined, "refused", "unspecified"],
  ["0.1.2.3", undefined, "refused", "this network"],
  ["::", undefined, "refused", "unspecified"],
  ["224.0.0.251", undefined, "refused", "multicast"],
  ["239.255.255.250", undefined, "refused", "multicast"],
  ["ff02::fb", undefined, "refused", "multicast"],
  ["240.0.0.1", undefined, "refused", "reserved"],
  ["127.0.0.1", "127.0.0.1", "allowed", "loopback, HAP over loopback"],
  ["127.0.0.1", "::ffff:127.0.0.1", "allowed", "loopback, HAP over loopback on a dual-stack socket"],
  ["::1", "::1", "allowed", "loopback, HAP over loopback"],
  ["127.0.0.1", undefined, "refused", "loopback, HAP from somewhere else"],
  ["127.8.8.8", "192.168.1.2", "refused", "loopback, HAP over the network"],
  ["::1", "fe80::1234", "refused", "loopback, HAP over the network"],
  ["::1", "nonsense", "refused", "loopback, HAP from nowhere"],
  ["::ffff:192.168.1.40", undefined, "allowed", "mapped private"],
  ["::ffff:c0a8:128", undefined, "allowed", "mapped private, in hexadecimal"],
  ["0:0:0:0:0:ffff:8.8.8.8", undefined, "refused", "mapped public"],
  ["::ffff:127.0.0.1", undefined, "refused", "mapped loopback"],
  ["::ffff:224.0.0.1", undefined, "refused", "mapped multicast"],
  ["::ffff:0.0.0.0", undefined, "refused", "mapped unspecified"],
  ["::192.168.1.40", undefined, "refused", "compatible, withdrawn"],
  ["64:ff9b::c0a8:128", undefined, "refused", "NAT64"],
  ["camera.lan", undefined, "refused", "a name"],
  ["192.168.1", undefined, "refused", "not an address"],
  ["", undefined, "refused", "nothing"],
];

describe("judgeViewer", () => {
  it.each(table)("%s with HAP at %s is %s: %s", (viewer, localAddress, kind) => {
    expect(judgeViewer({ viewer, localAddress, interfaces }).kind).toBe(kind);
  });

  it("gives the address in one spelling, with its family", () => {
    const judge = (viewer: string) => judgeViewer({ viewer, localAddress: undefined, interfaces });
    expect(judge("::ffff:c0a8:128")).toEqual({ kind: "allowed", address: "192.168.1.40", family: "ipv4" });
    expect(judge("FD00:0:0:0::1")).toEqual({ kind: "allowed", address: "fd00::1", family: "ipv6" });
  });

  it("says why it refuses, in words that complete a sentence", () => {
    expect(judgeViewer({ viewer: "8.8.8.8", localAddress: undefined, interfaces })).toEqual({
      kind: "refused",
      why: "neither private nor on a subnet of this box",
    });
  });
});

describe("plainAddress", () => {
  it.each([
    ["fe80::1%eth0", { address: "fe80::1", family: "ipv6" }],
    ["::FFFF:10.0.0.1", { address: "10.0.0.1", family: "ipv4" }],
    ["2001:0db8:0::0001", { address: "2001:db8::1", family: "ipv6" }],
    ["10.0.0.1", { address: "10.0.0.1", family: "ipv4" }],
    ["10.0.0.1:80", undefined],
    ["%eth0", undefined],
  ])("reads %s", (text, plain) => {
    expect(plainAddress(text)).toEqual(plain);
  });
});

describe("isLoopback", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.255.255.255", true],
    ["128.0.0.1", false],
    ["::1", true],
    ["::2", false],
  ])("%s: %s", (address, expected) => {
    expect(isLoopback(plainAddress(address)!)).toBe(expected);
  });
});
