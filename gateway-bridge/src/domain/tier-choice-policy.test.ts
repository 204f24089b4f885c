import { describe, expect, it } from "@jest/globals";
import type { Tier, TierName } from "@gatehouse/shared";

import { chooseTier, type MeasuredTier, type ViewerWish } from "./tier-choice-policy.ts";

const tier = (name: TierName, width: number, codec: Tier["codec"] = "h264"): Tier => ({
  name,
  codec,
  width,
  height: Math.round((width * 9) / 16),
  fps: 25,
});
const both = [tier("main", 1920), tier("sub", 640)];
const three = [...both, tier("third", 320)];
const modern = [tier("main", 3840, "h265"), tier("sub", 1280), tier("third", 640)];
const choose = (
  tiers: readonly Tier[],
  wish: Partial<ViewerWish>,
  measured?: Partial<Record<TierName, MeasuredTier>>,
): TierName => chooseTier(tiers, { place: "local", accepts: ["h264"], ...wish }, measured);

describe("the tier for a viewer of one codec at home", () => {
  // Every relation of the wish to the offer: none, below, between, equal, above; and offers that cannot be used.
  it.each<[string, readonly Tier[], Partial<ViewerWish>, TierName]>([
    ["says nothing", both, {}, "main"],
    ["is smaller than all", both, { width: 320 }, "sub"],
    ["is as large as one", both, { width: 640 }, "sub"],
    ["is between two", both, { width: 641 }, "main"],
    ["is as large as the largest", both, { width: 1920 }, "main"],
    ["is larger than all", both, { width: 3840 }, "main"],
    ["would do with the third", three, { width: 320 }, "third"],
    ["says its height alone", both, { height: 360 }, "sub"],
    ["is higher than it is wide", both, { width: 360, height: 640 }, "main"],
    ["cannot decode the small one", [tier("main", 1920), tier("sub", 640, "h265")], { width: 320 }, "main"],
    ["cannot decode the large one", [tier("main", 1920, "h265"), tier("sub", 640)], { width: 1920 }, "sub"],
    ["faces tiers without sizes", [tier("main", 0), tier("sub", 0)], { width: 320 }, "main"],
    ["faces one tier of unknown size", [tier("main", 0), tier("sub", 640)], { width: 320 }, "sub"],
    ["faces a camera that told nothing", [], { width: 320 }, "main"],
    ["faces codecs that nobody knows", [tier("main", 1920, "unknown")], { width: 320 }, "main"],
  ])("that %s", (_, tiers, wish, expected) => {
    expect(choose(tiers, wish)).toBe(expected);
  });
});

describe("the tier for a viewer of an H.265 camera", () => {
  it.each<[string, Partial<ViewerWish>, TierName]>([
    ["takes the large picture as it is, where it decodes it", { width: 3840, accepts: ["h264", "h265"] }, "main"],
    ["takes half the size as it is rather than a transcoded one", { width: 1920, transcodes: true }, "sub"],
    ["has the picture transcoded where all others are far too small", { width: 3840, transcodes: true }, "main"],
    ["takes what it decodes, however small, where nothing transcodes", { width: 3840 }, "sub"],
    ["takes the smallest that covers it", { width: 640, accepts: ["h264", "h265"] }, "third"],
  ])("%s", (_, wish, expected) => {
    expect(choose(modern, wish)).toBe(expected);
  });
});

describe("the tier for a viewer on a thin link", () => {
  const measured = { main: { bitrateKbps: 6_000 }, sub: { bitrateKbps: 900 }, third: { bitrateKbps: 200 } };
  it.each<[string, readonly Tier[], Partial<ViewerWish>, Partial<Record<TierName, MeasuredTier>>, TierName]>([
    ["stays within it", three, { width: 1920, maxBitrateKbps: 1_000 }, measured, "sub"],
    ["takes all of it", three, { width: 1920, maxBitrateKbps: 6_000 }, measured, "main"],
    ["is the lightest where all are too heavy", three, { width: 1920, maxBitrateKbps: 100 }, measured, "third"],
    ["is not held back by what was never measured", three, { width: 1920, maxBitrateKbps: 100 }, {}, "main"],
    ["leaves a heavy small tier for a light large one", both, { width: 640, maxBitrateKbps: 2_000 }, { main: { bitrateKbps: 1_500 }, sub: { bitrateKbps: 4_000 } }, "main"],
  ])("%s", (_, tiers, wish, known, expected) => { expect(choose(tiers, wish, known)).toBe(expected); }); // prettier-ignore
});

describe("the tier for a viewer away from home", () => {
  it.each<[string, readonly Tier[], Partial<ViewerWish>, Partial<Record<TierName, MeasuredTier>>, TierName]>([
    ["is one of 1280 where it says nothing", [...both, tier("third", 1280)], {}, {}, "third"],
    ["is the main tier where it shows that many pixels and the link carries it", both, { width: 1920 }, {}, "main"],
    ["is lighter than 3 Mbit/s unless it says more", both, { width: 1920 }, { main: { bitrateKbps: 3_001 } }, "sub"],
    ["is what its link carries, if it says so", both, { width: 1920, maxBitrateKbps: 8_000 }, { main: { bitrateKbps: 6_000 } }, "main"],
  ])("%s", (_, tiers, wish, known, expected) => { expect(choose(tiers, { place: "remote", ...wish }, known)).toBe(expected); }); // prettier-ignore
});

describe("the tier for HomeKit, which surely decodes H.264 up to level 4.0", () => {
  const home = { maxLevel: 40 };
  it.each<[string, Partial<ViewerWish>, Partial<Record<TierName, MeasuredTier>>, TierName]>([
    ["avoids a higher level where another tier is large enough", { width: 960 }, { main: { level: 42 } }, "sub"],
    ["takes a higher level before a picture far too small", { width: 1920 }, { main: { level: 42 } }, "main"],
    ["takes level 4.0 itself", { width: 960 }, { main: { level: 40 } }, "main"],
  ])("%s", (_, wish, known, expected) => {
    expect(choose(both, { ...home, ...wish }, known)).toBe(expected);
  });
});

it("refuses a live view of a camera that has still pictures only, and says what to do", () => {
  const stills = [tier("main", 1280, "jpeg")];
  expect(() => choose(stills, { width: 640 })).toThrow(
    expect.objectContaining({ code: "camera-no-video", remedy: expect.stringContaining("snapshots") }),
  );
});
