import type { HttpClient } from "hap-controller";

import { Lookout } from "./lookout.ts";

/** A sensor told of itself. */
export interface SensorChange {
  readonly aid: number;
  readonly sensor: "motion" | "active";
  readonly value: boolean;
  /** `performance.now()` of its arrival. */
  readonly at: number;
}

interface Sensors {
  readonly aid: number;
  readonly motion: string;
  readonly active: string;
}

/** Motion and activity of cameras, as HomeKit is notified of them. */
export class SensorEvents implements AsyncDisposable {
  /** Everything that came, in order. */
  readonly changes: SensorChange[] = [];
  readonly #client: HttpClient;
  readonly #lookout = new Lookout();
  readonly #taken = new Set<SensorChange>();

  /** @param client subscribed by the caller; closed with this */
  constructor(client: HttpClient, sensors: readonly Sensors[]) {
    this.#client = client;
    client.on(
      "event",
      (event: { readonly characteristics: readonly { aid: unknown; iid: unknown; value: unknown }[] }) => {
        const at = performance.now();
        for (const { aid, iid, value } of event.characteristics) {
          const id = `${String(aid)}.${String(iid)}`;
          const one = sensors.find(({ motion, active }) => id === motion || id === active);
          if (one === undefined) continue;
          // HAP writes booleans as 0 and 1, too.
          this.changes.push({
            aid: one.aid,
            sensor: id === one.motion ? "motion" : "active",
            value: Boolean(value),
            at,
          });
        }
        this.#lookout.look();
      },
    );
  }

  /** Leaves out of `next` whatever came up to now. */
  forget(): void {
    for (const change of this.changes) this.#taken.add(change);
  }

  /**
   * The first change that matches and was neither returned before nor forgotten; waits for it. HomeKit is told of motion
   * at once and of the rest a little later, so changes of different sensors come in any order.
   */
  async next(wanted: Partial<Omit<SensorChange, "at">>, withinMs = 25_000): Promise<SensorChange> {
    const matches = (change: SensorChange): boolean =>
      !this.#taken.has(change) && Object.entries(wanted).every(([key, value]) => Reflect.get(change, key) === value);
    const take = (): SensorChange | undefined => {
      const change = this.changes.find(matches);
      if (change !== undefined) this.#taken.add(change);
      return change;
    };
    return this.#lookout.until(take, () => `${JSON.stringify(wanted)} was not notified`, withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.removeAllListeners("event");
    await this.#client.close();
  }
}
