import { describe, expect, it } from "@jest/globals";

import { defaultLimits, type RelayLimits } from "../../server/limits.ts";
import { wideLimits } from "./limits-policy.ts";

describe("wideLimits", () => {
  it("finds nothing in the defaults", () => {
    expect(wideLimits(defaultLimits)).toEqual([]);
  });

  it.each<[Partial<RelayLimits>, readonly string[]]>([
    [{ strangers: 8_193 }, ["wide strangers"]],
    [{ strangers: 8_192 }, []],
    [{ bytesPerSecond: 1_250_000_001 }, ["wide bytesPerSecond"]],
    [{ channelsPerDevice: 128, channelsPerGateway: 128 }, ["share channelsPerDevice"]],
    [{ channelsPerDevice: 127, channelsPerGateway: 128 }, []],
    [{ handshakesPerBlock: 64, handshakes: 64 }, ["share handshakesPerBlock"]],
    [{ waitingPerBlock: 65_536, waiting: 65_536 }, ["wide waiting", "wide waitingPerBlock", "share waitingPerBlock"]],
  ])("of %j: %j", (given, found) => {
    expect(wideLimits({ ...defaultLimits, ...given }).map(({ kind, name }) => `${kind} ${name}`)).toEqual(found);
  });
});
