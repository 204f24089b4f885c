import { afterEach, describe, expect, it, jest } from "@jest/globals";

import { TestClock } from "../testing/index.ts";
import { systemClock } from "./clock.ts";

const never = new AbortController().signal;

describe("systemClock", () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it("waits longer than Node's longest timer", () => {
    jest.useFakeTimers();
    const year = 365 * 24 * 3_600_000;
    let fired = 0;
    systemClock.schedule(year, () => (fired += 1));
    jest.advanceTimersByTime(year - 1);
    expect(fired).toBe(0);
    jest.advanceTimersByTime(1);
    expect(fired).toBe(1);
    jest.advanceTimersByTime(year);
    expect(fired).toBe(1);
  });

  it("forgets a disposed timer, in its first piece and in a later one", () => {
    jest.useFakeTimers();
    let fired = 0;
    const timers = [10, 2 ** 32, 2 ** 32].map((ms) => systemClock.schedule(ms, () => (fired += 1)));
    timers[0]?.[Symbol.dispose]();
    timers[1]?.[Symbol.dispose]();
    jest.advanceTimersByTime(2 ** 31);
    timers[2]?.[Symbol.dispose]();
    jest.advanceTimersByTime(2 ** 33);
    expect(fired).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("tells times that fit together", async () => {
    const [now, monotonic] = [systemClock.now(), systemClock.monotonic()];
    await systemClock.delay(1, { signal: never });
    expect(systemClock.monotonic()).toBeGreaterThan(monotonic);
    expect(Math.abs(systemClock.now() - now)).toBeLessThan(60_000);
  });
});

describe("delay", () => {
  it("rejects with the signal's reason and leaves no timer", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const waiting = clock.delay(1_000, controller);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    await expect(clock.delay(1_000, controller)).rejects.toBe("enough");
    expect(clock.pending).toBe(0);
  });

  it("resolves when its time has come and not before", async () => {
    const clock = new TestClock();
    let done = false;
    void clock.delay(1_000, { signal: never }).then(() => (done = true));
    await clock.advance(999);
    expect(done).toBe(false);
    await clock.advance(1);
    expect(done).toBe(true);
  });
});
