import type { Tier, TierName } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { MediaProfile } from "../protocols/onvif/media.ts";
import { chooseTiers, tierForSize, tiersForSize } from "./tier-policy.ts";

const profile = (token: string, size: string, more: Partial<MediaProfile> = {}): MediaProfile => {
  const [width = 0, height = 0] = size.split("x").map(Number);
  return { token, source: "lens-1", codec: "h264", width, height, fps: 25, audio: "none", ...more };
};

describe("chooseTiers", () => {
  it.each<[string, MediaProfile[], string[]]>([
    ["nothing", [], []],
    ["one", [profile("a", "640x360")], ["main a"]],
    ["by size, not by order", [profile("a", "640x360"), profile("b", "1920x1080")], ["main b", "sub a"]],
    [
      "three at most",
      [profile("a", "320x180"), profile("b", "640x360"), profile("c", "1280x720"), profile("d", "1920x1080")],
      ["main d", "sub c", "third b"],
    ],
    ["each size once, the smoother one", [profile("a", "640x360", { fps: 5 }), profile("b", "640x360")], ["main b"]],
    ["the first of equals", [profile("a", "640x360"), profile("b", "640x360")], ["main a"]],
    [
      "both codecs by their size, and no JPEG beside them",
      [
        profile("a", "3840x2160", { codec: "h265" }),
        profile("b", "1280x720"),
        profile("c", "1920x1080", { codec: "jpeg" }),
      ],
      ["main a", "sub b"],
    ],
    [
      "one size in both codecs: H.264, even with fewer frames",
      [profile("a", "1920x1080", { codec: "h265", fps: 30 }), profile("b", "1920x1080", { fps: 15 })],
      ["main b"],
    ],
    ["what there is, without either", [profile("a", "640x360", { codec: "jpeg" })], ["main a"]],
    [
      "one lens",
      [profile("a", "1920x1080"), profile("b", "1280x720", { source: "lens-2" }), profile("c", "640x360")],
      ["main a", "sub c"],
    ],
    ["sizes that the camera does not say", [profile("a", "0x0"), profile("b", "0x0")], ["main a"]],
  ])("%s", (_, profiles, expected) => {
    const chosen = chooseTiers(profiles);
    expect(chosen.map(({ tier, profile: { token } }) => `${tier.name} ${token}`)).toEqual(expected);
  });

  it("names each tier's codec", () => {
    const chosen = chooseTiers([profile("a", "3840x2160", { codec: "h265" }), profile("b", "640x360")]);
    expect(chosen.map(({ tier }) => tier.codec)).toEqual(["h265", "h264"]);
  });

  it("describes a tier as its profile does", () => {
    expect(chooseTiers([profile("a", "1920x1080", { fps: 12.5 })])[0]?.tier).toEqual({
      name: "main",
      codec: "h264",
      width: 1920,
      height: 1080,
      fps: 12.5,
    });
  });
});

describe("tierForSize", () => {
  const tiers = chooseTiers([profile("a", "1920x1080"), profile("b", "640x360"), profile("c", "320x180")]).map(
    ({ tier }) => tier,
  );
  it.each([
    [{}, "main"],
    [{ width: 640 }, "sub"],
    [{ width: 641 }, "main"],
    [{ width: 100, height: 100 }, "third"],
    [{ height: 180 }, "third"],
    [{ width: 4_000 }, "main"],
  ])("%j: %s", (wish, name) => expect(tierForSize(tiers, wish)).toBe(name));

  it("takes the main tier where sizes are unknown", () => {
    expect(
      tierForSize(
        chooseTiers([profile("a", "0x0")]).map(({ tier }) => tier),
        { width: 5 },
      ),
    ).toBe("main");
  });
});

describe("the tiers whose streams serve a still picture", () => {
  const of = (name: TierName, width: number, height: number): Tier => ({ name, codec: "h264", width, height, fps: 25 });
  const three = [of("main", 1920, 1080), of("sub", 640, 360), of("third", 320, 180)];
  it.each<[readonly Tier[], { width?: number; height?: number }, readonly TierName[]]>([
    [three, { width: 300 }, ["third", "sub", "main"]],
    [three, { width: 640 }, ["sub", "main"]],
    [three, {}, ["main"]],
    [three, { width: 5_000 }, ["main"]],
    [[of("main", 0, 0)], { width: 300 }, ["main"]],
    [[], { width: 300 }, ["main"]],
  ])("of %j for %j are %j", (tiers, wish, expected) => {
    expect(tiersForSize(tiers, wish)).toEqual(expected);
  });
});
