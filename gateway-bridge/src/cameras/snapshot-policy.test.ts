import { describe, expect, it } from "@jest/globals";

import { planSnapshot, recentKeyMs, sharedForMs, snapshotWidth, type SnapshotFacts } from "./snapshot-policy.ts";

const facts: SnapshotFacts = {
  fresh: false,
  takenAgoMs: undefined,
  own: "works",
  ownMs: undefined,
  decodeMs: undefined,
  decodable: true,
  keyAgeMs: undefined,
};
const plan = (more: Partial<SnapshotFacts>): string => {
  const planned = planSnapshot({ ...facts, ...more });
  return planned.kind === "taken" ? "taken" : planned.ways.join(", ");
};
const live = { keyAgeMs: 1_500 };

describe("the way to a still picture", () => {
  it.each<[string, Partial<SnapshotFacts>, string]>([
    ["is the last one while it is young", { takenAgoMs: sharedForMs }, "taken"],
    ["is another once it is older", { takenAgoMs: sharedForMs + 1 }, "own, next"],
    ["is another where a fresh one is wanted", { takenAgoMs: 0, fresh: true }, "own, next"],

    ["is the camera's own, then the stream", {}, "own, next"],
    ["is the camera's own, then memory, while the stream is live", live, "own, memory"],
    ["is memory where the camera's own is known to be slower", { ...live, ownMs: 900, decodeMs: 150 }, "memory, own, next"],
    ["is the camera's own where it is known to be quicker", { ...live, ownMs: 40, decodeMs: 150 }, "own, memory"],
    ["is the camera's own while one of both was never timed", { ...live, ownMs: 900 }, "own, memory"],
    ["is memory while the camera's own fails", { ...live, own: "failing" }, "memory, own, next"],
    ["is memory where the camera has none of its own", { ...live, own: "none" }, "memory, next"],
    ["is the stream's next where nothing is in memory", { own: "none" }, "next"],
    ["is the stream's next, then the camera's, while that fails", { own: "failing" }, "next, own"],

    ["is memory up to the age of a usual GOP", { own: "none", keyAgeMs: recentKeyMs }, "memory, next"],
    ["is the next key picture where the last is older, and the old one at worst", { own: "none", keyAgeMs: recentKeyMs + 1 }, "next, memory"],
    ["is the camera's own before an old key picture", { keyAgeMs: recentKeyMs + 1 }, "own, next, memory"],
    ["is the camera's own before an old key picture, however slow", { keyAgeMs: 60_000, ownMs: 900, decodeMs: 1 }, "own, next, memory"],

    ["is never memory for who wants a fresh one", { ...live, fresh: true }, "own, next"],
    ["is the next key picture for who wants a fresh one, while the camera's own fails", { ...live, fresh: true, own: "failing" }, "next, own"],
    ["is the next key picture for who wants a fresh one of a camera that has none", { ...live, fresh: true, own: "none" }, "next"],

    ["is the camera's own alone where nothing decodes", { ...live, decodable: false, own: "failing" }, "own"],
    ["is none where nothing decodes and the camera has none", { ...live, decodable: false, own: "none" }, ""],
  ])("%s", (_, more, expected) => { expect(plan(more)).toBe(expected); }); // prettier-ignore
});

describe("the width of a still picture", () => {
  it.each<[string, Parameters<typeof snapshotWidth>[0], number, number | undefined]>([
    ["is all of it where nobody says", {}, 1920, undefined],
    ["is the next step of a few", { width: 600 }, 1920, 640],
    ["is the step itself", { width: 640 }, 1920, 640],
    ["follows the height", { height: 360 }, 1920, 640],
    ["is enough for both", { width: 320, height: 720 }, 1920, 1280],
    ["is all of it where the picture is no larger", { width: 1280 }, 1280, undefined],
    ["is all of it beyond the last step", { width: 100_000 }, 3840, undefined],
    ["is a step where the picture's size is not known", { width: 300 }, 0, 320],
  ])("%s", (_, wish, tierWidth, expected) => { expect(snapshotWidth(wish, tierWidth)).toBe(expected); }); // prettier-ignore
});
