import {
  DeviceId,
  GatehouseError,
  mostDevices,
  randomId,
  type Clock,
  type Logger,
  type Principal,
  type PrincipalId,
  type RemoteDevice,
  type Thumbprint,
} from "@gatehouse/shared";

import type { AuditSink, NewNotice, NoticeBoard } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { AdmissionEpoch } from "./admission-epoch.ts";
import { AdmittedDevices } from "./admitted-devices.ts";
import { DeviceRows, type DeviceRow } from "./device-rows.ts";

export interface RemoteDevicesOptions {
  readonly database: Database;
  readonly principals: {
    get(id: PrincipalId): Principal | undefined;
    onRevoked(listener: (id: PrincipalId) => void): Disposable;
  };
  readonly audit: AuditSink;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface NewDevice {
  readonly person: PrincipalId;
  readonly name: string;
  readonly thumbprint: Thumbprint;
}

/** Why a device goes, and who said so; nobody where it goes with something else. */
export interface Departure {
  readonly by?: PrincipalId;
  readonly why: string;
}

/**
 * The devices that people take along. A device may knock, and no more: it belongs to one person, falls with that person, and its person
 * signs in on it as anywhere.
 */
export class RemoteDevices implements Disposable {
  /** Those that may knock. */
  readonly admitted: AdmittedDevices;
  readonly #options: RemoteDevicesOptions;
  readonly #rows: DeviceRows;
  readonly #epoch: AdmissionEpoch;
  readonly #revocations: Disposable;
  /** What is to be told once it is durable. */
  readonly #untold = new Map<DeviceId, NewNotice>();

  private constructor(options: RemoteDevicesOptions) {
    this.#options = options;
    this.#rows = new DeviceRows(options.database);
    this.#epoch = new AdmissionEpoch(options);
    // A crash may have come between a person's removal and this.
    for (const row of this.#rows.standing()) {
      if (options.principals.get(row.person)?.revoked !== null) this.#drop(row, personGone);
    }
    this.admitted = new AdmittedDevices({ rows: this.#rows, epoch: this.#epoch, log: options.log });
    this.#revocations = options.principals.onRevoked((person) => {
      const theirs = this.#rows.standing().filter((row) => row.person === person);
      if (theirs.length > 0) this.#dropAll(theirs, personGone);
    });
  }

  static open(options: RemoteDevicesOptions): RemoteDevices {
    return new RemoteDevices(options);
  }

  /** The oldest first, revoked ones too. */
  list(person?: PrincipalId): RemoteDevice[] {
    return this.#rows
      .list()
      .filter((row) => person === undefined || row.person === person)
      .map(describe);
  }

  /** Whose key this is, revoked or not. */
  byThumbprint(thumbprint: Thumbprint): RemoteDevice | undefined {
    const row = this.#rows.byThumbprint(thumbprint);
    return row && describe(row);
  }

  /**
   * Writes a device down, as part of a change that `settle` is to be called after: it may knock from then on.
   * @throws GatehouseError `request-invalid` for a key that is known, `too-many-devices`
   */
  add({ person, name, thumbprint }: NewDevice): RemoteDevice {
    const { database, audit, clock } = this.#options;
    return database.transaction(() => {
      if (this.byThumbprint(thumbprint) !== undefined) {
        throw new GatehouseError("request-invalid", "this key was paired before; a device makes a new one each time");
      }
      if (this.#rows.standing().length >= mostDevices) {
        throw new GatehouseError(
          "too-many-devices",
          `there are ${mostDevices} devices, which is the most there can be`,
        );
      }
      const id = DeviceId.parse(randomId("dev"));
      const added = clock.now();
      this.#rows.insert({ id, person, name, thumbprint, added });
      this.#epoch.raise();
      audit.append({ principal: person, action: "deviceAdded", target: id, outcome: "done", detail: `"${name}"` });
      const text = `The device "${name}" was paired: with your sign-in on it, it reaches home from away.`;
      this.#untold.set(id, { kind: "remote-device-added", person, subject: name, text });
      return { id, name, person, added, used: null, revoked: null };
    });
  }

  /**
   * Takes a device's right to knock away for good, and ends what it carries. A second time does nothing.
   * @throws GatehouseError `not-found`
   */
  revoke(id: DeviceId, departure: Departure): void {
    const row = this.#rows.get(id);
    if (row === undefined) throw unknownDevice();
    if (row.revoked === null) this.#dropAll([row], departure);
  }

  /** All of them, as part of a change that `settle` is to be called after. */
  revokeAll(departure: Departure): void {
    this.#epoch.raise();
    for (const row of this.#rows.standing()) this.#drop(row, departure);
  }

  /** Lets everybody know what was changed, now that it is durable. Never throws. */
  settle(): void {
    this.admitted.publish();
    for (const [id, notice] of this.#untold) {
      // What was undone with its change did not happen.
      const isStanding = this.#rows.get(id)?.revoked === null;
      if (isStanding === (notice.kind === "remote-device-added")) this.#options.notices.raise(notice);
    }
    this.#untold.clear();
  }

  /** Notes that a device came through, and that it expected the newest key. */
  note(what: "current" | "used", id: DeviceId): void {
    this.#rows.note(what, id, this.#options.clock.now());
  }

  /** Since when every device knows the key of then, or a later one; undefined where there is none. */
  get leastCurrent(): number | undefined {
    const current = this.#rows.standing().map((row) => row.current);
    return current.length === 0 ? undefined : Math.min(...current);
  }

  [Symbol.dispose](): void {
    this.#revocations[Symbol.dispose]();
  }

  #dropAll(rows: readonly DeviceRow[], departure: Departure): void {
    this.#options.database.transaction(() => {
      for (const row of rows) this.#drop(row, departure);
    });
    this.settle();
  }

  #drop({ id, name, person }: DeviceRow, { by, why }: Departure): void {
    const { audit, clock } = this.#options;
    this.#rows.revoke(id, clock.now());
    this.#epoch.raise();
    const detail = `"${name}": ${why}`;
    audit.append({ principal: by ?? "-", action: "deviceRevoked", target: id, outcome: "done", detail });
    this.#untold.delete(id);
    // Of what one did oneself there is nothing to tell, and nobody to tell it who was removed.
    if (by === undefined || by === person) return;
    const text = `Your device "${name}" was revoked: it does not reach home from away any more.`;
    this.#untold.set(id, { kind: "remote-device-revoked", person, subject: name, text });
  }
}

const personGone: Departure = { why: "its person was removed" };

export const unknownDevice = (): GatehouseError =>
  new GatehouseError("not-found", "there is no such device", {
    remedy: "`gatehouse remote device list` shows the ids.",
  });

const describe = ({ id, name, person, added, used, revoked }: DeviceRow): RemoteDevice => ({
  ...{ id, name, person, added, used, revoked },
});
