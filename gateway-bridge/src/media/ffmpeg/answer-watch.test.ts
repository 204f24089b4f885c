import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { AnswerWatch } from "./answer-watch.ts";

const open = (): { watch: AnswerWatch; feed: (count: number, stepMs: number) => Promise<void>; errors: unknown[] } => {
  const clock = new TestClock();
  const watch = new AnswerWatch({ clock, ms: 5_000, units: 10 });
  const errors: unknown[] = [];
  void watch.hung.then((error) => errors.push(error));
  const feed = async (count: number, stepMs: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      watch.noteInput();
      await clock.advance(stepMs);
    }
  };
  return { watch, feed, errors };
};

describe("AnswerWatch", () => {
  it("notices that much went in for long, and nothing came out", async () => {
    const { feed, errors } = open();
    await feed(251, 20);
    expect(errors).toEqual([]);
    await feed(1, 20);
    expect(errors).toEqual([expect.objectContaining({ code: "transcode-failed" })]);
  });

  it("is content with an answer now and then", async () => {
    const { watch, feed, errors } = open();
    for (let round = 0; round < 5; round += 1) {
      await feed(200, 20);
      watch.noteOutput();
    }
    expect(errors).toEqual([]);
  });

  it("expects none for the few units after which the camera paused", async () => {
    const { feed, errors } = open();
    await feed(1, 60_000);
    await feed(9, 20);
    expect(errors).toEqual([]);
  });

  it("does not take for a hang that nothing was fed, to one that keeps as much as it may", async () => {
    const { feed, errors } = open();
    await feed(9, 20);
    await feed(1, 60_000);
    await feed(100, 20);
    expect(errors).toEqual([]);
  });
});
