import type { GatehouseError } from "@gatehouse/shared";

import type { AccessUnit } from "../../domain/access-unit.ts";
import type { Viewer } from "../session.ts";

/** Keeps what it is given; takes `room` units at a time. */
export class RecordingViewer implements Viewer {
  readonly units: AccessUnit[] = [];
  ended: GatehouseError | undefined;
  /** Units until it is full. */
  room: number;

  constructor(room = Infinity) {
    this.room = room;
  }

  get timestamps(): readonly number[] {
    return this.units.map((unit) => unit.timestamp);
  }

  write(unit: AccessUnit): boolean {
    this.units.push(unit);
    this.room -= 1;
    return this.room > 0;
  }

  end(error: GatehouseError): void {
    this.ended = error;
  }
}
