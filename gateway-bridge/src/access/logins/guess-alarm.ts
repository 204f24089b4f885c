import type { Clock } from "@gatehouse/shared";

import type { NoticeBoard } from "../../ports.ts";

/** A person who mistypes does so a few times, and not every hour. */
export const alarmingGuesses = 10;
export const alarmWindowMs: number = 3_600_000;

/** Tells those who govern when somebody guesses. It names no account: a name that was typed may be a password, and nobody's. */
export class GuessAlarm {
  readonly #notices: Pick<NoticeBoard, "raise">;
  readonly #clock: Pick<Clock, "monotonic">;
  #since = Number.NEGATIVE_INFINITY;
  #guesses = 0;

  constructor(options: { readonly notices: Pick<NoticeBoard, "raise">; readonly clock: Pick<Clock, "monotonic"> }) {
    this.#notices = options.notices;
    this.#clock = options.clock;
  }

  /** Counts a sign-in that was refused, looked at or not. */
  add(): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= alarmWindowMs) {
      this.#since = now;
      this.#guesses = 0;
    }
    this.#guesses += 1;
    if (this.#guesses < alarmingGuesses) return;
    this.#notices.raise({
      kind: "guessing",
      text: `Somebody guesses passwords or codes: ${alarmingGuesses} and more sign-ins were refused within an hour.`,
    });
  }
}
