import { GatehouseError, type Clock } from "@gatehouse/shared";

/** Cameras lock an account for half an hour after a few wrong logins; ours waits that out. */
export const latchedMs = 35 * 60_000;

/**
 * Remembers that a camera refused a password, so that whatever else asks the camera meanwhile does not send it again
 * and get the account locked.
 */
export class LoginLatch {
  readonly #clock: Clock;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws GatehouseError `camera-credentials` while the password stands refused */
  check(): void {
    if (this.#clock.monotonic() < this.#until) {
      throw new GatehouseError(
        "camera-credentials",
        "the camera refused this password a while ago; it is not sent again yet, because cameras lock accounts",
      );
    }
  }

  refused(): void {
    this.#until = this.#clock.monotonic() + latchedMs;
  }
}
