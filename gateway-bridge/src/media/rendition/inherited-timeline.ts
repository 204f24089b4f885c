import type { AccessUnit } from "../../domain/access-unit.ts";
import type { StreamTimeline } from "../stream.ts";

interface Lane {
  highest: number;
  /** What was given out before the present connection. */
  floor: number;
}

/**
 * The timeline of the stream that another one is derived from: picture and sound are in step on it already, so that
 * timestamps stay as they are. Where the derived stream begins anew with pictures that it gave out before, they follow
 * at the smallest step instead of stepping back.
 */
export class InheritedTimeline implements StreamTimeline {
  readonly #base: Pick<StreamTimeline, "positionAt">;
  readonly #lanes: Record<AccessUnit["kind"], Lane> = {
    video: { highest: -1, floor: -1 },
    audio: { highest: -1, floor: -1 },
  };

  constructor(base: Pick<StreamTimeline, "positionAt">) {
    this.#base = base;
  }

  restart(): void {
    for (const lane of Object.values(this.#lanes)) lane.floor = lane.highest;
  }

  positionAt(monotonic: number): number {
    return this.#base.positionAt(monotonic);
  }

  place(unit: AccessUnit): number {
    const lane = this.#lanes[unit.kind];
    if (unit.timestamp <= lane.floor) lane.floor += 1;
    const timestamp = Math.max(unit.timestamp, lane.floor);
    lane.highest = Math.max(lane.highest, timestamp);
    return timestamp;
  }
}
