import { setTimeout as delay } from "node:timers/promises";

import { readStamp, type Stamp } from "../../simulator/stamp.ts";
import type { AccessUnit } from "../../support/access-unit.ts";

/** How a viewer's start went. Milliseconds. */
export interface Join {
  /** From the wish to see the camera to its first whole key picture; in a browser, until that is shown. */
  readonly firstKeyMs: number;
  /**
   * How far behind live the picture was that the viewer saw one second after that. A viewer shows pictures at the pace of their
   * timestamps, beginning with the first at once; what has come already, but is not due, it does not see.
   */
  readonly backlogMs: number;
  /** When a key picture left the camera, ms since the epoch. */
  readonly keyAt: number;
}

/** Something that can be watched, over and over. */
export interface Viewing extends AsyncDisposable {
  join(): Promise<Join>;
}

/** Pictures as they come to a viewer. */
export interface Pictures extends AsyncDisposable {
  /** Oldest first. Timestamps count 90 kHz in 32 bits; `arrivedAt` is `performance.now()`. */
  readonly units: readonly AccessUnit[];
}

const firstKeyWithinMs = 60_000;
const lookEveryMs = 5;
export const backlogAfterMs = 1_000;
const ticksPerMs = 90;

const stampOf = (nals: readonly Buffer[], camera: string): Stamp => {
  const stamp = readStamp(nals);
  if (stamp?.camera !== camera || stamp.plane !== "main")
    throw new Error(`a picture of ${stamp?.camera ?? "nobody"} (${stamp?.plane ?? "no stamp"}) came`);
  return stamp;
};

/** Opens a view, and measures how it starts. */
export const measureJoin = async (camera: string, open: () => Promise<Pictures>): Promise<Join> => {
  const startedAt = performance.now();
  await using view = await open();
  const key = await firstKey(view, startedAt);
  await delay(key.arrivedAt + backlogAfterMs - performance.now());
  const seen = pictureSeen(view.units, performance.now()) ?? key;
  return {
    firstKeyMs: key.arrivedAt - startedAt,
    backlogMs: Date.now() - stampOf(seen.nals, camera).sentAt,
    keyAt: stampOf(key.nals, camera).sentAt,
  };
};

/** What a player shows at a moment. */
const pictureSeen = (units: readonly AccessUnit[], now: number): AccessUnit | undefined => {
  const [first] = units;
  if (first === undefined) return undefined;
  const dueAt = ({ timestamp }: AccessUnit): number =>
    first.arrivedAt + ((timestamp - first.timestamp) | 0) / ticksPerMs;
  return units.findLast((unit) => dueAt(unit) <= now);
};

const firstKey = async (view: Pictures, startedAt: number): Promise<AccessUnit> => {
  for (;;) {
    const found = view.units.find(({ key }) => key);
    if (found !== undefined) return found;
    if (performance.now() - startedAt > firstKeyWithinMs)
      throw new Error(`no key picture came within ${firstKeyWithinMs} ms`);
    await delay(lookEveryMs);
  }
};
