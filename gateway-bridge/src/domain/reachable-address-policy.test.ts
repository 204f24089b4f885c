import { expect, it } from "@jest/globals";
import type { NetworkInterfaceInfo } from "node:os";

import { reachableAddress } from "./reachable-address-policy.ts";

const at = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  family: "IPv4",
  internal,
  netmask: "255.255.255.0",
  mac: "00:00:00:00:00:00",
  cidr: null,
});

it.each([
  ["127.0.0.1:8443", {}, "127.0.0.1:8443"],
  ["192.168.1.5:8443", { eth0: [at("10.0.0.9")] }, "192.168.1.5:8443"],
  ["[fd00::1]:8443", {}, "[fd00::1]:8443"],
  ["0.0.0.0:8443", { lo: [at("127.0.0.1", true)], eth0: [at("192.168.1.5")] }, "192.168.1.5:8443"],
  ["[::]:8443", { eth0: [at("172.20.0.7")] }, "172.20.0.7:8443"],
  ["0.0.0.0:8443", { ppp0: [at("203.0.113.4")], eth0: [at("10.1.2.3")] }, "10.1.2.3:8443"],
  ["0.0.0.0:8443", { ppp0: [at("203.0.113.4")] }, "127.0.0.1:8443"],
])("reaches %s on a box with %j at %s", (listening, interfaces, expected) => {
  expect(reachableAddress(listening, interfaces)).toBe(expected);
});
