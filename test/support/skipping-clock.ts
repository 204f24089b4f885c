import { systemClock, type Clock } from "@gatehouse/shared";

import { SetClock } from "./set-clock.ts";

const longMs = 60_000;

/**
 * What is waited for on purpose takes a hundredth of its time, and a minute or more no time at all: it has passed then, by the time of day and by
 * the clock that nobody sets. Deadlines keep theirs.
 */
export class SkippingClock extends SetClock {
  #skipped = 0;

  override readonly delay: Clock["delay"] = async (ms, cancel) => {
    const isLong = ms >= longMs;
    if (isLong) {
      this.#skipped += ms;
      // The time of day is whole milliseconds.
      this.jump(Math.ceil(ms));
    }
    await systemClock.delay(isLong ? 0 : ms / 100, cancel);
  };

  override monotonic(): number {
    return super.monotonic() + this.#skipped;
  }
}
