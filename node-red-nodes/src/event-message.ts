import type { Camera, Event } from "@gatehouse/shared";

import type { Message } from "./red.ts";

/** What a camera event node lets through. */
export interface EventFilter {
  /** A camera's id or name; empty for all. */
  readonly camera: string;
  readonly motion: "start" | "end" | "both" | "none";
  /** Also when a camera appears, goes offline, comes back or is removed. */
  readonly states: boolean;
  /** Also when a weakness is found, or is gone. */
  readonly findings: boolean;
}

const passes = (event: Event, camera: Camera | undefined, filter: EventFilter): boolean => {
  if (filter.camera !== "" && filter.camera !== event.camera && filter.camera !== camera?.name) return false;
  if (event.kind === "finding") return filter.findings;
  if (event.kind !== "motion") return filter.states;
  return filter.motion === "both" || filter.motion === (event.active ? "start" : "end");
};

/** The message that an event becomes, or undefined when the filter holds it back. */
export const eventMessage = (event: Event, camera: Camera | undefined, filter: EventFilter): Message | undefined => {
  if (!passes(event, camera, filter)) return undefined;
  const name = camera?.name ?? event.camera;
  // A copy, because flows may change what they are given.
  return { topic: `${name}/${event.kind}`, camera: event.camera, payload: { ...structuredClone(event), name } };
};
