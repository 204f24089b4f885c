import { expect, it } from "@jest/globals";

import { isOwnAddress } from "./own-address-policy.ts";

const interfaces = {
  lo: [{ address: "127.0.0.1" }, { address: "::1" }],
  eth0: [{ address: "192.168.1.2" }, { address: "fe80::1234" }],
  gone: undefined,
};

it.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["192.168.1.2", true],
  ["::ffff:192.168.1.2", true],
  ["fe80::1234%eth0", true],
  ["192.168.1.20", false],
  ["fe80::1235%eth0", false],
  ["128.0.0.1", false],
  ["127.0.0.1.evil.example", false],
  ["", false],
])("%s is one of this box's own: %s", (address, own) => {
  expect(isOwnAddress(address, interfaces)).toBe(own);
});
