import type { Preview } from "../remedy.ts";
import type { Run } from "./remedy-journal.ts";

/** What a person was shown, and confirms: that much of a preview. */
export type Shown = Pick<Run, "steps" | "stops" | "undoable">;

export const shownOf = ({ steps, stops, undoable }: Preview): Shown => ({
  steps: [...steps],
  stops: [...stops],
  undoable,
});

/** Whether the camera would be changed in the same way as was shown. */
export const isAsShown = (preview: Preview, { steps, stops, undoable }: Shown): boolean =>
  JSON.stringify(shownOf(preview)) === JSON.stringify({ steps, stops, undoable });
