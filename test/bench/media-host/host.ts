import { WorkerProcess } from "../worker-process.ts";
import type { hostHandlers } from "./main.ts";

/** The gateway's media plane, without its API, in a process of its own: any number of cameras and viewers. */
export type MediaHost = WorkerProcess<typeof hostHandlers>;

export const startMediaHost = (): Promise<MediaHost> =>
  WorkerProcess.start<typeof hostHandlers>(new URL("main.ts", import.meta.url));
