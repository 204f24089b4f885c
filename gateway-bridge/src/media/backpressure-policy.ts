import type { AccessUnit } from "../domain/access-unit.ts";

/** What a session waits for a key picture for; `nothing` while it may take any unit. */
export type Awaiting = "nothing" | "beginning" | "slow-viewer";

export interface Backlog {
  readonly units: number;
  readonly bytes: number;
}

export interface Arrival {
  readonly unit: AccessUnit;
  readonly awaiting: Awaiting;
  readonly pending: Backlog;
  readonly limit: Backlog;
}

/**
 * What becomes of a unit that reaches a session:
 * `queue` it; `skip` it, because nothing can be decoded yet; `restart` the queue with it, leaving out what waits;
 * `drop` it and all that waits, up to the next key picture.
 */
export type Admission = "queue" | "skip" | "restart" | "drop";

/** A viewer that falls behind loses whole GOPs, never single pictures, which would spoil all up to the next key picture. */
export const admit = ({ unit, awaiting, pending, limit }: Arrival): Admission => {
  const key = unit.kind === "video" && unit.key;
  if (awaiting !== "nothing" && !key) return "skip";
  const fits = pending.units + 1 <= limit.units && pending.bytes + unit.bytes <= limit.bytes;
  if (fits) return "queue";
  return key ? "restart" : "drop";
};
