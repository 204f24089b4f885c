import { TunnelId } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { Places } from "./places.ts";

const place = { gateway: TunnelId.parse("gr-aaaaaaaaaaaaaaaa"), device: "d1", block: "192.0.2.1" };
const limits = { channels: 10, channelsPerGateway: 4, channelsPerDevice: 2, channelsPerBlock: 3 };

describe("Places", () => {
  it("gives a device its share, and a place again that was given back once", () => {
    const places = new Places(limits);
    const first = places.take(place, {});
    expect([first, places.take(place, {}), places.take(place, {})]).toEqual([first, expect.anything(), undefined]);
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(places.taken).toBe(1);
    expect([places.take(place, {}) !== undefined, places.take(place, {})]).toEqual([true, undefined]);
  });

  it("gives an address, a gateway and everybody theirs", () => {
    const places = new Places(limits);
    const take = (device: string, block: string, own = {}) =>
      places.take({ ...place, device, block }, own) !== undefined;
    expect(["d1", "d2", "d3", "d4"].map((device) => take(device, "192.0.2.1"))).toEqual([true, true, true, false]);
    expect([take("d5", "192.0.2.2"), take("d6", "192.0.2.3")]).toEqual([true, false]);
    expect(take("d6", "192.0.2.3", { channelsPerGateway: 5 })).toBe(true);
    const full = new Places({ ...limits, channels: 1 });
    expect([full.take(place, {}) !== undefined, full.take({ ...place, device: "d2" }, {})]).toEqual([true, undefined]);
  });
});
