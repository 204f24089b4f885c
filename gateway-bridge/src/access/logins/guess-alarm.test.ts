import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { MemoryNotices } from "../testing/memory-notices.ts";
import { alarmingGuesses, alarmWindowMs, GuessAlarm } from "./guess-alarm.ts";

describe("GuessAlarm", () => {
  it("says nothing of a person who mistypes, however often over the days", async () => {
    const [notices, clock] = [new MemoryNotices(), new TestClock()];
    const alarm = new GuessAlarm({ notices, clock });
    for (let hour = 0; hour < 50; hour += 1) {
      for (let guess = 1; guess < alarmingGuesses; guess += 1) alarm.add();
      await clock.advance(alarmWindowMs);
    }
    expect(notices.raised).toEqual([]);
  });

  it("tells of more than that within an hour, and names nobody", () => {
    const notices = new MemoryNotices();
    const alarm = new GuessAlarm({ notices, clock: new TestClock() });
    for (let guess = 0; guess < alarmingGuesses + 2; guess += 1) alarm.add();
    expect(notices.raised).toHaveLength(3);
    expect(new Set(notices.raised.map((notice) => JSON.stringify(notice))).size).toBe(1);
    expect(notices.raised[0]).toEqual({ kind: "guessing", text: expect.stringMatching(/10 and more/) });
  });
});
