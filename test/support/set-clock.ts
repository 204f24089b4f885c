import { delayWith, systemClock, type Clock } from "@gatehouse/shared";

/** The time of day in the test's hands, while everything else takes the time that it takes. */
export class SetClock implements Clock {
  readonly delay: Clock["delay"] = delayWith(this);
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  schedule(ms: number, run: () => void): Disposable {
    return systemClock.schedule(ms, run);
  }

  jump(ms: number): void {
    this.#ahead += ms;
  }
}
