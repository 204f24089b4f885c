import { describe, expect, it } from "@jest/globals";
import { GatewayId } from "@gatehouse/shared";
import type { NetworkInterfaceInfo } from "node:os";

import { homeAddresses, ownHosts, ownNames } from "./own-names-policy.ts";

const gateway = GatewayId.parse("gw-abcdefghijklmnop");
const own = ["localhost", `${gateway}.local`, `${gateway}.gatehouse.internal`];
const on = (...addresses: readonly string[]) => ({
  eth0: addresses.map((address) => ({ address }) as NetworkInterfaceInfo),
  gone: undefined,
});

describe("ownHosts", () => {
  it("are those that the id makes", () => {
    expect([...ownHosts({ gateway, web: { hosts: [] } })]).toEqual(own);
  });

  it("and those that the owner wrote, in lower case", () => {
    const web = { name: "Cams.Example.org", hosts: ["PI.lan", "pi.lan", "outside.example.org:443", "192.168.9.9:80"] };
    expect([...ownHosts({ gateway, web })]).toEqual([
      ...own,
      "cams.example.org",
      "pi.lan",
      "outside.example.org:443",
      "192.168.9.9:80",
    ]);
    expect(ownNames({ gateway, web })).toEqual([...own, "cams.example.org", "pi.lan", "outside.example.org"]);
    expect(ownNames({ gateway, web: { hosts: ["[fd00::1]:443", "[fd00::1]", "10.0.0.1"] } })).toEqual(own);
  });
});

describe("homeAddresses", () => {
  it.each([
    ["10.1.2.3", true],
    ["172.16.0.1", true],
    ["172.32.0.1", false],
    ["192.168.1.5", true],
    ["169.254.7.7", true],
    ["100.64.0.1", false],
    ["8.8.8.8", false],
    ["fd12:3456::1", true],
    ["2001:db8::1", false],
    ["fe80::1", false],
    ["fe80::1%eth0", false],
    ["not an address", false],
  ])("%s: %s", (address, isHome) => {
    expect(homeAddresses(on(address))).toEqual(["127.0.0.1", "::1", ...(isHome ? [address] : [])]);
  });

  it("names each once, and no more than a certificate should hold", () => {
    expect(homeAddresses({})).toEqual(["127.0.0.1", "::1"]);
    expect(homeAddresses(on("127.0.0.1", "10.0.0.1", "10.0.0.1"))).toEqual(["127.0.0.1", "::1", "10.0.0.1"]);
    expect(homeAddresses(on(...Array.from({ length: 99 }, (_, index) => `10.0.0.${index}`)))).toHaveLength(32);
  });
});
