import type { RemedyRun } from "@gatehouse/shared";

const states: Readonly<Record<RemedyRun["state"], string>> = {
  proposed: "waits for the owner",
  applying: "is being applied",
  verifying: "is being verified",
  undoing: "is being taken back",
  done: "done: it was seen on every plane",
  undone: "taken back: everything is as before",
  failed: "failed",
  declined: "declined",
};

/** What will be done, and what stops working. */
export const previewText = ({ remedy, plane, proven, steps, stops, undoable }: RemedyRun, name: string): string =>
  [
    `${remedy} at ${name}${plane === "vendor" ? ", by its maker's own words" : ""}${proven ? "" : " (unproven on hardware)"}:`,
    ...steps.map((step, at) => `  ${at + 1}. ${step}`),
    ...(stops.length === 0
      ? ["Nothing stops working."]
      : ["What stops working:", ...stops.map((what) => `  - ${what}`)]),
    undoable ? "It can be taken back: `gatehouse remedy undo`." : "It cannot be taken back.",
  ].join("\n");

/** How it went. */
export const outcomeText = ({ id, remedy, state, evidence, error, left }: RemedyRun): string =>
  [
    `${remedy} (${id}): ${states[state]}`,
    ...evidence.map((line) => `  Seen: ${line}`),
    ...(error === null ? [] : [`  ${error}`]),
    ...(left === null ? [] : [`  Not as before: ${left}`]),
  ].join("\n");
