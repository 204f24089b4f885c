import { describe, expect, it } from "@jest/globals";

import { freshLink, judgeLink, type LinkReport, type LinkState } from "./link-policy.ts";

const good: LinkReport = { loss: 0, estimate: undefined, sending: 4_000_000, now: 0 };
const lossy: LinkReport = { ...good, loss: 0.3 };
const narrow: LinkReport = { ...good, estimate: 1_000_000 };

/** One report a second from `start` on, of a link that is a minute old unless told. */
const after = (reports: readonly LinkReport[], link: LinkState = freshLink(-60_000), start = 0): LinkState =>
  reports.reduce((state, report, index) => judgeLink(state, { ...report, now: start + index * 1_000 }), link);

describe("A viewer's link", () => {
  it.each<[string, readonly LinkReport[], LinkState["mode"]]>([
    ["is well", [good, good, good], "all"],
    ["has one bad report", [good, lossy, good, lossy], "all"],
    [
      "has few lost packets",
      [
        { ...good, loss: 0.14 },
        { ...good, loss: 0.14 },
      ],
      "all",
    ],
    [
      "is believed to carry what is sent",
      [
        { ...good, estimate: 2_400_000 },
        { ...good, estimate: 2_400_000 },
      ],
      "all",
    ],
    ["loses much twice in a row", [lossy, lossy], "keyframes"],
    ["is believed too narrow twice in a row", [narrow, narrow], "keyframes"],
    [
      "is narrow, while little is sent",
      [
        { ...narrow, sending: 500_000 },
        { ...narrow, sending: 500_000 },
      ],
      "all",
    ],
    ["is bad in one way and then in the other", [lossy, narrow], "keyframes"],
  ])("that %s", (_, reports, mode) => {
    expect(after(reports).mode).toBe(mode);
  });

  it("gets all again after four seconds, whatever is reported meanwhile", () => {
    const resting = after([lossy, lossy]);
    expect(judgeLink(resting, { ...good, now: 4_999 }).mode).toBe("keyframes");
    expect(judgeLink(resting, { ...lossy, now: 5_000 }).mode).toBe("all");
  });

  it("rests twice as long each time that it fails soon again, up to a minute", () => {
    let link = freshLink(-60_000);
    let now = 0;
    const rests: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      link = after([lossy, lossy], link, now);
      rests.push(link.restMs);
      now = link.restUntil;
      link = judgeLink(link, { ...good, now });
    }
    expect(rests).toEqual([4_000, 8_000, 16_000, 32_000, 64_000, 64_000, 64_000]);
  });

  it("that was well for long rests shortly again", () => {
    const recovered = judgeLink(after([lossy, lossy]), { ...good, now: 5_000 });
    expect(after([lossy, lossy], recovered, 60_000).restMs).toBe(4_000);
  });

  it.each([
    ["begins", freshLink(0), 0],
    ["gets all again", judgeLink(after([lossy, lossy]), { ...good, now: 5_000 }), 5_000],
  ])("that %s has 15 s until an estimate counts, but not until loss does", (_, link, from) => {
    expect(after(Array<LinkReport>(14).fill(narrow), link, from + 1_000).mode).toBe("all");
    expect(after(Array<LinkReport>(16).fill(narrow), link, from + 1_000).mode).toBe("keyframes");
    expect(after([lossy, lossy], link, from + 1_000).mode).toBe("keyframes");
  });
});
