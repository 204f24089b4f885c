import type { RemedyRun } from "@gatehouse/shared";
import { z } from "zod";

/**
 * How far a remedy is, written down before each part begins. `remembering` what is there now is read and stored. `applying` the camera is told.
 * `verifying` it is asked on every plane. `committing` what was pending is cleared away. `undoing` it is told what was before.
 */
export const RunPhase = z.enum([
  "proposed",
  "remembering",
  "applying",
  "verifying",
  "committing",
  "undoing",
  "done",
  "undone",
  "failed",
  "declined",
]);
export type RunPhase = z.infer<typeof RunPhase>;

/** Phases in which something is done to the camera. */
export type OpenPhase = Extract<RunPhase, "remembering" | "applying" | "verifying" | "committing" | "undoing">;

export const openPhases = [
  "remembering",
  "applying",
  "verifying",
  "committing",
  "undoing",
] as const satisfies OpenPhase[];

export const isOpen = (phase: RunPhase): phase is OpenPhase => openPhases.some((open) => open === phase);

const states = {
  proposed: "proposed",
  remembering: "applying",
  applying: "applying",
  verifying: "verifying",
  committing: "verifying",
  undoing: "undoing",
  done: "done",
  undone: "undone",
  failed: "failed",
  declined: "declined",
} as const satisfies Record<RunPhase, RemedyRun["state"]>;

/** What people are told of a phase. */
export const stateOf = (phase: RunPhase): RemedyRun["state"] => states[phase];
