import type { CameraPosture, RemedyRun } from "@gatehouse/shared";

import type { RemedyPlan } from "../posture/remedies/remedy-order-policy.ts";

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

const timeOf = (at: number): string => new Date(at).toLocaleTimeString();

/** How far it is: `applying`, `applying, waits until 23:14:05: the camera saw two wrong passwords`. */
export const stateText = ({ state, waiting }: Pick<RemedyRun, "state" | "waiting">): string =>
  waiting === null || state === "proposed" ? state : `${state}, waits until ${timeOf(waiting.until)}: ${waiting.why}`;

/** What will be done, and what stops working. */
export const previewText = (
  { remedy, plane, proven, steps, stops, undoable, waiting }: RemedyRun,
  name: string,
): string =>
  [
    `${remedy} at ${name}${plane === "vendor" ? ", by its maker's own words" : ""}${proven ? "" : " (unproven on hardware)"}:`,
    ...steps.map((step, at) => `  ${at + 1}. ${step}`),
    ...(stops.length === 0
      ? ["Nothing stops working."]
      : ["What stops working:", ...stops.map((what) => `  - ${what}`)]),
    ...(waiting === null ? [] : [`It begins at ${timeOf(waiting.until)}, not before. ${waiting.why}`]),
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

interface Carried {
  readonly outcomes: readonly {
    readonly remedy: string;
    readonly run: RemedyRun | null;
    readonly skipped: string | null;
  }[];
  /** Wanted, and not begun. */
  readonly untried: RemedyPlan["steps"];
  readonly left: RemedyPlan["left"];
  readonly after: Pick<CameraPosture, "camera" | "name" | "grade" | "findings">;
}

/** How it went with all that was to be done about a camera, and what is left. */
export const planText = ({ outcomes, untried, left: undone, after }: Carried): string => {
  const done = outcomes.map(({ remedy, run, skipped }) =>
    run === null || skipped !== null ? `${remedy}: not done, ${skipped ?? ""}` : outcomeText(run),
  );
  const untouched = untried.map(({ remedy }) => `${remedy}: not begun`);
  const left = undone.map(
    ({ remedy, vendor, why }) =>
      `${remedy}: left to you, ${why}. \`gatehouse remedy apply ${remedy} --camera ${after.camera}${vendor ? " --vendor" : ""}\``,
  );
  const failing = after.findings.filter(({ status }) => status === "failed").length;
  const open = `${failing} ${failing === 1 ? "weakness is" : "weaknesses are"} left`;
  return [
    ...(done.length + untouched.length === 0 ? ["There is nothing that Gatehouse could do."] : [...done, ...untouched]),
    ...left,
    `${after.name}: ${after.grade === null ? "no grade" : `grade ${after.grade}`}, ${open}. \`gatehouse inspect --last --camera ${after.camera}\` shows them.`,
  ].join("\n");
};
