import { GatehouseError, writeFrame, type Clock, type FromGateway } from "@gatehouse/shared";
import type { Writable } from "node:stream";

import type { DeviceRoll } from "../../ports.ts";
import type { EnforcedRoll } from "./enforced-roll.ts";

/** How long the relay may take to keep to a roll. */
export const enforceMs = 10_000;

export interface RollPushOptions {
  /** The control stream. */
  readonly control: Writable;
  readonly roll: DeviceRoll;
  /** The front of each nonce, base64url. */
  readonly salt: () => string;
  readonly enforced: EnforcedRoll;
  readonly clock: Clock;
  /** The relay did not keep to the roll in time, or says that it keeps to one that it was never told of. */
  readonly onBroken: (why: GatehouseError) => void;
}

/** Tells the relay which devices may knock, and hears that it keeps to it. Of changes that it has no room for, the newest is told alone. */
export class RollPush implements Disposable {
  readonly #options: RollPushOptions;
  #told = 0;
  #confirmed = 0;
  /** The relay has yet to read what it was told last, */
  #waiting = false;
  /** which is not the newest any more. */
  #stale = false;
  #overdue: Disposable | undefined;

  constructor(options: RollPushOptions) {
    this.#options = options;
  }

  /** Tells of the roll as it is now. */
  push(): void {
    const { control } = this.#options;
    this.#watch();
    if (this.#waiting) this.#stale = true;
    else if (!control.destroyed) this.#tell();
  }

  #tell(): void {
    const { control, roll, salt, enforced } = this.#options;
    this.#stale = false;
    this.#told = roll.epoch;
    enforced.told();
    const admit: FromGateway = { kind: "admit", epoch: roll.epoch, salt: salt(), devices: [...roll.thumbprints()] };
    writeFrame(control, admit);
    this.#waiting = control.writableNeedDrain;
    if (this.#waiting) control.once("drain", () => this.#drained());
  }

  #drained(): void {
    this.#waiting = false;
    if (this.#stale) this.#tell();
  }

  /** The relay says that it keeps to this roll. */
  confirmed(epoch: number): void {
    const { onBroken, enforced } = this.#options;
    if (epoch > this.#told) {
      onBroken(new GatehouseError("relay-answer-malformed", "the relay keeps to a roll that it was never told of"));
      return;
    }
    this.#confirmed = epoch;
    enforced.confirmed(epoch);
    this[Symbol.dispose]();
    this.#watch();
  }

  #watch(): void {
    const { clock, onBroken, roll } = this.#options;
    if (this.#confirmed === roll.epoch) return;
    this.#overdue ??= clock.schedule(enforceMs, () =>
      onBroken(
        new GatehouseError("relay-unreachable", "the relay does not say that it keeps to the devices it was told of"),
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#overdue?.[Symbol.dispose]();
    this.#overdue = undefined;
  }
}
