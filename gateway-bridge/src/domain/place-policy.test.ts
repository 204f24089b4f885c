import { describe, expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import { placeOf } from "./place-policy.ts";

const card = (address: string, prefix: number, internal = false): NetworkInterfaceInfo => {
  const family = address.includes(":") ? "IPv6" : "IPv4";
  const info = { address, cidr: `${address}/${prefix}`, netmask: "", mac: "00:00:00:00:00:00", internal };
  return { ...info, family, ...(family === "IPv6" && { scopeid: 0 }) } as NetworkInterfaceInfo;
};
const interfaces = {
  lo: [card("127.0.0.1", 8, true), card("::1", 128, true)],
  eth0: [card("192.168.1.2", 24), card("203.0.113.10", 28), card("2001:db8:1:2::10", 64)],
  tailscale0: [card("100.100.1.2", 10), card("fd7a:115c:a1e0::1", 48)],
  gone: undefined,
};

describe("placeOf", () => {
  it.each([
    ["loopback", "127.0.0.1", "home"],
    ["all of loopback", "127.255.0.9", "home"],
    ["IPv6's loopback", "::1", "home"],
    ["an IPv4 address within IPv6", "::ffff:192.168.7.9", "home"],
    ["loopback within IPv6", "::ffff:127.0.0.1", "home"],
    ["a private address of 10/8", "10.1.2.3", "home"],
    ["one of 172.16/12", "172.31.255.1", "home"],
    ["what is next to it", "172.32.0.1", "away"],
    ["one of 192.168/16", "192.168.200.1", "home"],
    ["a link-local address", "169.254.7.7", "home"],
    ["an IPv6 one", "fe80::1", "home"],
    ["with its zone", "fe80::1%eth0", "home"],
    ["a unique local address", "fd12:3456::1", "home"],
    ["a public neighbour of this box", "203.0.113.14", "home"],
    ["one behind its subnet", "203.0.113.16", "away"],
    ["a public IPv6 neighbour", "2001:db8:1:2:ffff::9", "home"],
    ["one of another subnet", "2001:db8:1:3::9", "away"],
    ["this box by its public address", "203.0.113.10", "home"],
    ["this box by its address in a tunnel", "100.100.1.2", "home"],
    ["this box by its IPv6 address in a tunnel", "fd7a:115c:a1e0::1", "home"],
    ["somebody behind a carrier's NAT, or in a tunnel", "100.100.1.3", "away"],
    ["the edges of that range", "100.64.0.0", "away"],
    ["and its other end", "100.127.255.255", "away"],
    ["what is next to it", "100.128.0.1", "away"],
    ["somebody in a tunnel by IPv6", "fd7a:115c:a1e0:ab12::3", "away"],
    ["a public address", "198.51.100.7", "away"],
    ["a public IPv6 address", "2001:4860:4860::8888", "away"],
    ["a public address within IPv6", "::ffff:198.51.100.7", "away"],
    ["IPv4 within 6to4", "2002:c0a8:0101::1", "away"],
    ["no address at all", "", "away"],
    ["a name", "localhost", "away"],
    ["an address and a port", "192.168.1.2:443", "away"],
    ["too many parts", "192.168.1.2.3", "away"],
    ["a number", "3232235777", "away"],
    ["nowhere", "0.0.0.0", "away"],
    ["everybody", "255.255.255.255", "away"],
  ])("%s (%s) is %s", (_case, address, expected) => expect(placeOf(address, () => interfaces)).toBe(expected));

  it("needs no list of interfaces for what the address tells", () => {
    const none = (): never => {
      throw new Error("asked");
    };
    expect([placeOf("127.0.0.1", none), placeOf("192.168.9.9", none), placeOf("garbage", none)]).toEqual([
      ...["home", "home", "away"],
    ]);
  });

  it("takes a box without networks for home to itself alone", () => {
    expect([placeOf("::1", () => ({})), placeOf("203.0.113.10", () => ({}))]).toEqual(["home", "away"]);
  });
});
