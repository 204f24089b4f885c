import { EventBus, type DeviceId, type Logger, type PrincipalId, type Thumbprint } from "@gatehouse/shared";

import type { DeviceRoll } from "../../ports.ts";
import type { AdmissionEpoch } from "./admission-epoch.ts";
import type { DeviceRows } from "./device-rows.ts";

export interface AdmittedDevicesOptions {
  readonly rows: DeviceRows;
  readonly epoch: AdmissionEpoch;
  readonly log: Logger;
}

/** The devices that may knock, as the relay is told them. */
export class AdmittedDevices implements DeviceRoll {
  readonly #rows: DeviceRows;
  readonly #epoch: AdmissionEpoch;
  readonly #changes: EventBus<undefined>;
  readonly #departures: EventBus<DeviceId>;
  /** As they were told last. */
  #told: ReadonlyMap<Thumbprint, DeviceId>;
  #toldEpoch: number;

  constructor({ rows, epoch, log }: AdmittedDevicesOptions) {
    this.#rows = rows;
    this.#epoch = epoch;
    this.#changes = new EventBus(log);
    this.#departures = new EventBus(log);
    this.#told = this.#read();
    this.#toldEpoch = epoch.current;
  }

  get epoch(): number {
    return this.#toldEpoch;
  }

  thumbprints(): readonly Thumbprint[] {
    return [...this.#told.keys()];
  }

  /** Asked of the rows each time: what was told may be older by then. */
  find(thumbprint: Thumbprint): { readonly device: DeviceId; readonly person: PrincipalId } | undefined {
    const row = this.#rows.byThumbprint(thumbprint);
    return row?.revoked === null ? { device: row.id, person: row.person } : undefined;
  }

  /** Tells, once a change is durable, of the set that there is then, and of each device that is not in it any more. Never throws. */
  publish(): void {
    if (this.#epoch.current === this.#toldEpoch) return;
    const before = this.#told;
    this.#told = this.#read();
    this.#toldEpoch = this.#epoch.current;
    for (const [thumbprint, device] of before) if (!this.#told.has(thumbprint)) this.#departures.emit(device);
    this.#changes.emit(undefined);
  }

  onChanged(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }

  /** Tells of each device at the moment it may knock no more. */
  onGone(listener: (device: DeviceId) => void): Disposable {
    return this.#departures.on(listener);
  }

  #read(): ReadonlyMap<Thumbprint, DeviceId> {
    return new Map(this.#rows.standing().map(({ thumbprint, id }) => [thumbprint, id]));
  }
}
