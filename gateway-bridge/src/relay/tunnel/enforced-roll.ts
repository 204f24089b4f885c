import { untilAborted, type Cancellable } from "@gatehouse/shared";

/**
 * Which roll the relay lets devices in by. Tunnels come and go; where none stands, no relay can bring a device here, so every roll is
 * enforced.
 */
export class EnforcedRoll {
  /** 0 while the relay was told of a roll but has not said yet that it keeps to it; undefined where it was told of none. */
  #epoch: number | undefined;
  #changed = Promise.withResolvers<undefined>();

  /** The relay hears of a roll by now. */
  told(): void {
    this.#epoch ??= 0;
  }

  confirmed(epoch: number): void {
    this.#epoch = Math.max(this.#epoch ?? 0, epoch);
    this.#wake();
  }

  /** The tunnel is gone. */
  gone(): void {
    this.#epoch = undefined;
    this.#wake();
  }

  isReached(epoch: number): boolean {
    return this.#epoch === undefined || this.#epoch >= epoch;
  }

  /** Resolves once nobody comes by an older roll any more; rejects with the signal's reason. */
  async reached(epoch: number, { signal }: Cancellable): Promise<void> {
    while (!this.isReached(epoch)) await untilAborted(signal, this.#changed.promise);
  }

  #wake(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }
}
