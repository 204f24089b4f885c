import type { Clock } from "@gatehouse/shared";

import type { DriverEvent } from "../ports.ts";
import type { Motion } from "../protocols/onvif/motion-policy.ts";

export interface MotionStateOptions {
  readonly clock: Clock;
  readonly sink: (event: DriverEvent) => void;
  /** Parts of the camera that are known to tell when motion ends. Outlives this, because it takes a whole motion to learn. */
  readonly tellsEnd: Set<string>;
}

/** Many cameras tell only that motion began. Until one has been seen to tell the end too, motion ends by itself after this. */
export const untoldEndMs = 30_000;
/** For cameras that tell the end: it may get lost. */
export const lostEndMs = 10 * 60_000;
/** More than any camera has; what comes after is not followed. */
const mostParts = 64;

/** Whether a camera sees motion, put together from all its topics and lenses: it begins with the first and ends with the last. */
export class MotionState implements Disposable {
  readonly #options: MotionStateOptions;
  readonly #active = new Map<string, Disposable>();
  #last: Pick<DriverEvent, "topic" | "reference"> = { topic: "" };

  constructor(options: MotionStateOptions) {
    this.#options = options;
  }

  note({ active, topic, part, reference }: Motion): void {
    const said = { topic, ...(reference !== undefined && { reference }) };
    if (active) this.#begin(part, said);
    else this.#told(part, said);
  }

  /** With the camera out of sight, nothing is known to move. */
  [Symbol.dispose](): void {
    for (const timer of this.#active.values()) timer[Symbol.dispose]();
    const was = this.#active.size > 0;
    this.#active.clear();
    if (was) this.#options.sink({ kind: "motion", active: false, topic: this.#last.topic });
  }

  #begin(part: string, said: Pick<DriverEvent, "topic" | "reference">): void {
    const { clock, tellsEnd, sink } = this.#options;
    const running = this.#active.get(part);
    if (running === undefined && this.#active.size >= mostParts) return;
    running?.[Symbol.dispose]();
    const news = this.#active.size === 0 || (said.reference !== undefined && said.reference !== this.#last.reference);
    const end = clock.schedule(tellsEnd.has(part) ? lostEndMs : untoldEndMs, () =>
      this.#end(part, { topic: said.topic }),
    );
    this.#active.set(part, end);
    this.#last = said;
    if (news) sink({ kind: "motion", active: true, ...said });
  }

  #told(part: string, said: Pick<DriverEvent, "topic" | "reference">): void {
    if (!this.#active.has(part)) return;
    if (this.#options.tellsEnd.size < mostParts) this.#options.tellsEnd.add(part);
    this.#end(part, said);
  }

  #end(part: string, said: Pick<DriverEvent, "topic" | "reference">): void {
    this.#active.get(part)?.[Symbol.dispose]();
    this.#active.delete(part);
    this.#last = said;
    if (this.#active.size === 0) this.#options.sink({ kind: "motion", active: false, ...said });
  }
}
