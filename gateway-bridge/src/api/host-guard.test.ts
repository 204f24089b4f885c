import { describe, expect, it } from "@jest/globals";

import { judgeHost, valuesOf, type HostQuestion } from "./host-guard.ts";

const names = new Set([
  "localhost",
  "gw-abcdefghijklmnop.local",
  "cams.example.org",
  "outside.example.org:443",
  "[fd00::9]:9443",
  "10.9.9.9",
]);
const ask = (over: Partial<HostQuestion>): HostQuestion => ({
  hosts: ["localhost:8443"],
  target: "/v1/cameras",
  local: { address: "192.168.1.5", port: 8443 },
  ...over,
});

describe("judgeHost", () => {
  it.each([
    ["a name", "localhost:8443", "192.168.1.5"],
    ["its own name", "gw-abcdefghijklmnop.local:8443", "192.168.1.5"],
    ["the owner's name, whatever its case", "Cams.EXAMPLE.org:8443", "192.168.1.5"],
    ["a name that another port is forwarded from", "outside.example.org", "192.168.1.5"],
    ["the same with its port", "outside.example.org:443", "192.168.1.5"],
    ["the same by the own port", "[fd00:0:0::9]:9443", "192.168.1.5"],
    ["an address that is forwarded to this one", "10.9.9.9:8443", "192.168.1.5"],
    ["the address that was dialled", "192.168.1.5:8443", "192.168.1.5"],
    ["that address where it listens on both families", "192.168.1.5:8443", "::ffff:192.168.1.5"],
    ["an IPv6 address", "[fd00::1]:8443", "fd00::1"],
    ["an IPv6 address in another spelling", "[FD00:0:0::0001]:8443", "fd00::1"],
    ["a link-local address, whose zone no client sends", "[fe80::1]:8443", "fe80::1%eth0"],
    ["an IPv4 address written as IPv6", "[::ffff:127.0.0.1]:8443", "127.0.0.1"],
  ])("knows %s", (_case, host, address) => {
    expect(judgeHost(ask({ hosts: [host], local: { address, port: 8443 } }), names).kind).toBe("own");
  });

  it.each([
    ["a rebound name", ["evil.example:8443"], "for another host"],
    ["a name below one of ours", ["x.localhost:8443"], "for another host"],
    ["a name that begins like ours", ["gw-abcdefghijklmnop.local.evil.example:8443"], "for another host"],
    ["another address of this box", ["127.0.0.1:8443"], "for another host"],
    ["another port", ["localhost:8444"], "for another port"],
    ["no port, which is 443", ["localhost"], "for another port"],
    ["the forwarded name by our port", ["outside.example.org:8443"], "for another host"],
    ["a dot at the end", ["localhost.:8443"], "with a Host header that is malformed"],
    ["a zone", ["[fe80::1%eth0]:8443"], "with a Host header that is malformed"],
    ["a list", ["localhost:8443, evil.example"], "with a Host header that is malformed"],
    ["nothing in it", [""], "with a Host header that is malformed"],
    ["no header", [], "without a Host header"],
    ["two headers", ["localhost:8443", "evil.example"], "with more than one Host header"],
    ["the same header twice", ["localhost:8443", "localhost:8443"], "with more than one Host header"],
  ])("does not know %s", (_case, hosts, why) => {
    expect(judgeHost(ask({ hosts }), names)).toEqual({ kind: "unknown", why });
  });

  it.each([
    ["localhost:8443", "own"],
    ["localhost:50123", "own"],
    ["gw-abcdefghijklmnop.local", "own"],
    ["10.9.9.9:8443", "own"],
    ["outside.example.org", "own"],
    ["outside.example.org:8443", "unknown"],
    ["127.0.0.1:8443", "unknown"],
    ["192.168.1.5:8443", "unknown"],
    ["[::1]", "unknown"],
    ["evil.example", "unknown"],
    ["aaaa.gatehouse", "own"],
    ["aaab.gatehouse", "unknown"],
  ])("knows by our names alone what came to no port of ours, whatever port is named: %s", (host, kind) => {
    expect(judgeHost(ask({ hosts: [host], local: { door: "aaaa.gatehouse" } }), names).kind).toBe(kind);
  });

  it.each(["https://localhost:8443/v1/cameras", "https://evil.example/v1/cameras", "evil.example:443", "*", ""])(
    "refuses the target %j, which only a proxy is sent",
    (target) => {
      expect(judgeHost(ask({ target }), names)).toEqual({ kind: "unknown", why: "sent as to a proxy" });
    },
  );
});

describe("valuesOf", () => {
  it("finds every one, whatever its case, and takes no value for a name", () => {
    expect(valuesOf("host", ["Host", "a", "x", "host", "HOST", "b", "host", ""])).toEqual(["a", "b", ""]);
  });
});
