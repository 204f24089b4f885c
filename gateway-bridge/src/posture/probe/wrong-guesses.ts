import type { CameraId, Clock } from "@gatehouse/shared";

import { guessWindowMs } from "./guess-budget-policy.ts";

/** A login that anybody may know: a maker's, or one without a password. */
export interface GuessedLogin {
  readonly username: string;
  readonly password: string;
}

/** Remembers for as long as cameras count which guesses were wrong, so that none has to be made twice. Not kept on disk: the ledger is. */
export class WrongGuesses {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #made = new Map<string, number>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  has(camera: CameraId, login: GuessedLogin): boolean {
    const at = this.#made.get(keyOf(camera, login));
    return at !== undefined && this.#clock.monotonic() - at < guessWindowMs;
  }

  add(camera: CameraId, login: GuessedLogin): void {
    const now = this.#clock.monotonic();
    for (const [key, at] of this.#made) if (now - at >= guessWindowMs) this.#made.delete(key);
    this.#made.set(keyOf(camera, login), now);
  }
}

/** None of these passwords is a secret. */
const keyOf = (camera: CameraId, { username, password }: GuessedLogin): string =>
  JSON.stringify([camera, username, password]);
