import { systemClock, type Clock } from "@gatehouse/shared";

import { SetClock } from "./set-clock.ts";

/** What is waited for on purpose takes a hundredth of its time; deadlines keep theirs. */
export class ImpatientClock extends SetClock {
  override readonly delay: Clock["delay"] = (ms, cancel) => systemClock.delay(ms / 100, cancel);
}
