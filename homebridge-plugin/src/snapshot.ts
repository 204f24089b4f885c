import {
  isGatehouseError,
  toGatehouseError,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type ErrorCode,
  type GatehouseError,
  type Logger,
} from "@gatehouse/shared";

import type { Gateway, PictureSize } from "./gateway-port.ts";
import { fetchWithinMs, mayStandIn, patienceMs } from "./snapshot-policy.ts";

export interface SnapshotOptions extends Cancellable {
  readonly camera: CameraId;
  /** @throws GatehouseError while there is no connection to the gateway */
  readonly gateway: () => Pick<Gateway, "snapshot">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Kept {
  readonly jpeg: Buffer;
  /** Monotonic time of its arrival. */
  readonly at: number;
}

/**
 * The pictures of one camera. Whatever HomeKit asks meanwhile shares one request to the gateway, and every answer comes
 * in time: the new picture, the last good one, or an error.
 */
export class Snapshots {
  readonly #options: SnapshotOptions;
  #pending: Promise<Buffer> | undefined;
  #last: Kept | undefined;
  #slow = false;
  #complained: ErrorCode | undefined;

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError */
  async take(size: PictureSize): Promise<Buffer> {
    const { clock, signal } = this.#options;
    const ms = patienceMs({ slow: this.#slow, ageMs: this.#ageMs() });
    try {
      const jpeg = await withDeadline({ clock, ms, signal, what: "a picture" }, () => this.#shared(size));
      this.#complained = undefined;
      return jpeg;
    } catch (cause) {
      return this.#standIn(toGatehouseError(cause));
    }
  }

  #standIn(error: GatehouseError): Buffer {
    // The camera is no longer ours to show, whatever its last request would have said.
    if (this.#options.signal.aborted) throw error;
    this.#slow = error.code === "timeout";
    this.#complain(error);
    if (mayStandIn({ retry: error.retry, ageMs: this.#ageMs() }) && this.#last !== undefined) return this.#last.jpeg;
    if (error.retry === "never") this.#last = undefined;
    throw error;
  }

  /** HomeKit asks every ten seconds; one line for each kind of trouble is enough. */
  #complain(error: GatehouseError): void {
    if (this.#complained === error.code) return;
    this.#complained = error.code;
    this.#options.log.warn(`No picture: ${error.message}. ${error.remedy}`, { code: error.code });
  }

  #ageMs(): number | undefined {
    return this.#last === undefined ? undefined : this.#options.clock.monotonic() - this.#last.at;
  }

  #shared(size: PictureSize): Promise<Buffer> {
    this.#pending ??= this.#fetch(size).finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #fetch(size: PictureSize): Promise<Buffer> {
    const { camera, gateway, clock, signal } = this.#options;
    const start = clock.monotonic();
    try {
      const { jpeg } = await withDeadline({ clock, ms: fetchWithinMs, signal, what: "a picture" }, (cancel) =>
        gateway().snapshot(camera, size, cancel),
      );
      this.#slow = clock.monotonic() - start > patienceMs({ slow: false, ageMs: undefined });
      this.#last = { jpeg, at: clock.monotonic() };
      return jpeg;
    } catch (error) {
      // Also when nobody waits any more: what is refused must not be shown by a later request.
      if (isGatehouseError(error) && error.retry === "never") this.#last = undefined;
      throw error;
    }
  }
}
