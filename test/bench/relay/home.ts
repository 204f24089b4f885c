import { WorkerProcess } from "../worker-process.ts";
import type { homeHandlers } from "./home-main.ts";

/** The homes' side in a process of its own: it does what devices ask for, whichever way they come. */
export type HomeProcess = WorkerProcess<typeof homeHandlers>;

export const startHome = (): Promise<HomeProcess> =>
  WorkerProcess.start<typeof homeHandlers>(new URL("home-main.ts", import.meta.url));
