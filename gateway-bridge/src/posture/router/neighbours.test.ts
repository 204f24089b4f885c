import { describe, expect, it } from "@jest/globals";

import { addressesBeside, metNeighbours, readNeighbours } from "./neighbours.ts";

const [here, there] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];

describe("readNeighbours", () => {
  it("reads what `ip -json neigh show` writes, but for devices that never answered", () => {
    const written = [
      { dst: "192.168.1.20", dev: "eth0", lladdr: "02:00:00:00:00:01", state: ["STALE"] },
      { dst: "2A02:1234::7", dev: "eth0", lladdr: "02:00:00:00:00:0A", router: null, state: ["REACHABLE"] },
      { dst: "fd00::1", dev: "eth0", state: ["FAILED"] },
      { dst: "rubbish", lladdr: here },
      { dst: "192.168.1.9", lladdr: "rubbish" },
      "rubbish",
    ];
    expect(readNeighbours(JSON.stringify(written))).toEqual([
      { address: "192.168.1.20", mac: here },
      { address: "2A02:1234::7", mac: "02:00:00:00:00:0a" },
    ]);
  });

  it.each(["", "no json", "{}", "null", "[[]]"])("reads nothing of %j", (text) => {
    expect(readNeighbours(text)).toEqual([]);
  });
});

describe("addressesBeside", () => {
  const met = [
    { address: "192.168.1.20", mac: here },
    { address: "2a02::7", mac: here },
    { address: "fe80::7", mac: here },
    { address: "192.168.1.21", mac: there },
    { address: "2a02::8", mac: there },
  ] as const;

  it("are those of one hardware address", () => {
    expect(addressesBeside(met, "192.168.1.20")).toEqual(["2a02::7", "fe80::7"]);
    expect(addressesBeside(met, "192.168.1.99")).toEqual([]);
  });

  it("are nobody's where several devices are behind one hardware address", () => {
    expect(addressesBeside([...met, { address: "192.168.1.22", mac: here }], "192.168.1.20")).toEqual([]);
  });
});

it("the system is asked, and stops when it is told to", async () => {
  for (const { mac } of await metNeighbours({ signal: new AbortController().signal }))
    expect(mac).toMatch(/^[\da-f:]{17}$/);
  await expect(metNeighbours({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
});
