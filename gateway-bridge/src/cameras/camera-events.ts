import {
  GatehouseError,
  supervise,
  untilAborted,
  type CameraId,
  type Clock,
  type Event,
  type EventBus,
  type Logger,
} from "@gatehouse/shared";
import { randomUUID } from "node:crypto";

import type { CameraDriver, DriverEvent } from "../ports.ts";

export interface CameraEventsOptions {
  readonly camera: CameraId;
  readonly driver: CameraDriver;
  readonly bus: EventBus<Event>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Told why events do not come, and with undefined when they flow. */
  readonly onHealth: (error: GatehouseError | undefined) => void;
}

/** Brings one camera's events to the bus for as long as it is held. */
export class CameraEvents implements AsyncDisposable {
  readonly #options: CameraEventsOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #inMotion = false;

  constructor(options: CameraEventsOptions) {
    this.#options = options;
    const { clock, log, random, driver, onHealth } = options;
    const { signal } = this.#closing;
    this.#running = supervise({
      clock,
      log,
      random,
      signal,
      run: async ({ healthy }) => {
        const well = (): void => {
          healthy();
          onHealth(undefined);
        };
        await driver.events((event) => this.#hear(event), { signal, healthy: well });
        // A camera without events is left in peace.
        await untilAborted(signal, new Promise<never>(() => undefined));
      },
      onFailure: (error) => onHealth(error),
    });
  }

  get inMotion(): boolean {
    return this.#inMotion;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the camera's events are no longer followed"));
    await this.#running;
  }

  #hear({ active, topic, reference }: DriverEvent): void {
    const { bus, camera, clock } = this.#options;
    // Once released, the camera may be gone for everybody: nothing of it is told any more.
    if (this.#closing.signal.aborted) return;
    this.#inMotion = active;
    const id = randomUUID();
    bus.emit({
      kind: "motion",
      id,
      camera,
      at: clock.now(),
      active,
      topic,
      ...(reference !== undefined && { reference }),
    });
  }
}
