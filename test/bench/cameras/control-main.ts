import { selfMeasure } from "../self-measure.ts";
import { serveParent } from "../worker-process.ts";

/** A process that does nothing: what the machine itself does to an event loop. */
export const controlHandlers = selfMeasure();

serveParent(controlHandlers);
