import { describe, expect, it } from "@jest/globals";

import { isThisHost, localMediaAddress, type HostNetwork } from "./media-address-policy.ts";

const network: HostNetwork = {
  hostname: "Pi",
  interfaces: {
    lo: [{ address: "127.0.0.1", internal: true }, { address: "::1", internal: true }], // prettier-ignore
    eth0: [
      { address: "192.168.1.5", internal: false },
      { address: "fe80::1:2", internal: false },
      { address: "fd00::5", internal: false },
    ],
    wlan0: [{ address: "10.0.0.5", internal: false }],
  },
};

describe("isThisHost", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.9.9.9", true],
    ["::1", true],
    ["localhost", true],
    ["pi", true],
    ["PI.local", true],
    ["192.168.1.5", true],
    ["::ffff:192.168.1.5", true],
    ["FD00::5", true],
    ["192.168.1.6", false],
    ["128.0.0.1", false],
    ["pi.example.org", false],
    ["", false],
  ])("takes %j for this computer: %j", (host, expected) => expect(isThisHost(host, network)).toBe(expected));
});

describe("localMediaAddress", () => {
  it.each([
    ["192.168.1.5", "ipv4", "192.168.1.5"],
    ["::ffff:192.168.1.5", "ipv4", "192.168.1.5"],
    ["fe80::1:2%eth0", "ipv6", "fe80::1:2"],
    // The HAP connection has the other family: the same interface's address of the wanted one.
    ["fe80::1:2%eth0", "ipv4", "192.168.1.5"],
    ["192.168.1.5", "ipv6", "fe80::1:2"],
    ["10.0.0.5", "ipv6", undefined],
    ["fd00::99", "ipv4", undefined],
  ] as const)("for a connection on %s and %s media is %s", (connection, version, expected) =>
    expect(localMediaAddress(connection, version, network)).toBe(expected),
  );
});
