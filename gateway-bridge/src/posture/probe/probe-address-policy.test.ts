import { describe, expect, it } from "@jest/globals";

import { judgeProbeAddress } from "./probe-address-policy.ts";

const interfaces = {
  eth0: [
    {
      address: "192.168.1.2",
      netmask: "255.255.255.0",
      family: "IPv4" as const,
      mac: "",
      internal: false,
      cidr: "192.168.1.2/24",
    },
  ],
};
const judge = (address: string, literal = true) => judgeProbeAddress({ address, literal, interfaces });

describe("judgeProbeAddress", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["172.31.255.254", "172.31.255.254"],
    ["192.168.1.20", "192.168.1.20"],
    ["169.254.7.8", "169.254.7.8"],
    ["fe80::1", "fe80::1"],
    ["fd00:0:0::12", "fd00::12"],
    ["::ffff:192.168.1.20", "192.168.1.20"],
    ["127.0.0.1", "127.0.0.1"],
  ])("allows %s", (address, plain) => {
    expect(judge(address)).toEqual({ kind: "allowed", address: plain });
  });

  it.each([
    "8.8.8.8",
    "172.32.0.1",
    "100.64.0.1",
    "192.0.2.1",
    "0.0.0.0",
    "224.0.0.251",
    "255.255.255.255",
    "2001:db8::1",
    "ff02::1",
    "::",
    "camera.local",
    "",
    "192.168.1.255",
  ])("refuses %s", (address) => {
    expect(judge(address)).toMatchObject({ kind: "refused" });
  });

  it.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])("refuses a name that leads to %s, which is this box", (address) => {
    expect(judge(address, false)).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("this box") as unknown,
    });
  });

  it("allows a name that leads into the home's network", () => {
    expect(judge("192.168.1.20", false)).toMatchObject({ kind: "allowed" });
  });
});
