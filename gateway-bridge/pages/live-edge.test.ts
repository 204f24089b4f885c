import { describe, expect, it } from "@jest/globals";

import { follow, furtherBack, nearer, nearest } from "./live-edge.js";

describe("follow", () => {
  const live = { start: 10, end: 20, distance: 0.2, live: true };
  it.each([
    ["plays on at its distance", { ...live, position: 19.8 }, undefined, 1],
    ["plays on where it is nearer than it need be", { ...live, position: 19.95 }, undefined, 1],
    ["leaves a little more than the distance alone", { ...live, position: 19.7 }, undefined, 1],
    ["catches up gently with what is a little behind", { ...live, position: 19.6 }, undefined, 1.2],
    ["plays no faster than nobody hears", { ...live, position: 19.01 }, undefined, 1.25],
    ["skips what is more than a second behind", { ...live, position: 18.9 }, 19.8, 1],
    ["skips over a gap", { ...live, position: 5 }, 19.8, 1],
    ["does not skip to before what it has", { ...live, start: 19.9, position: 5 }, 19.9, 1],
    ["begins with the stored pictures", { ...live, live: false, position: 0 }, 10, 1],
    ["takes its time for them", { ...live, live: false, position: 10 }, undefined, 1],
  ])("%s", (_, playing, seek, rate) => {
    const found = follow(playing);
    expect([found.seek, Number(found.rate.toFixed(6))]).toEqual([seek, rate]);
  });

  it("never leaves a player more than a second behind for long", () => {
    for (let behind = 0; behind <= 30; behind += 0.01) {
      const { seek, rate } = follow({ ...live, start: 0, position: 20 - behind });
      expect(seek !== undefined || rate > 1 || behind <= 1.5 * live.distance + 1e-9).toBe(true);
    }
  });
});

describe("the distance to the newest picture", () => {
  it("grows each time that the player runs dry, up to a bound below a second", () => {
    let distance = nearest;
    for (let times = 0; times < 20; times += 1) {
      const before = distance;
      distance = furtherBack(distance);
      expect(distance).toBeGreaterThanOrEqual(before);
    }
    expect(distance).toBe(0.6);
  });

  it("comes back within a minute of pictures that come in time", () => {
    let distance = 0.6;
    for (let pictures = 0; pictures < 25 * 60; pictures += 1) distance = nearer(distance);
    expect(distance).toBe(nearest);
  });
});
