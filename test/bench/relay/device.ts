import { WorkerProcess } from "../worker-process.ts";
import type { deviceHandlers } from "./device-main.ts";

/** The devices' side in a process of its own. */
export type DeviceProcess = WorkerProcess<typeof deviceHandlers>;

export const startDevices = (): Promise<DeviceProcess> =>
  WorkerProcess.start<typeof deviceHandlers>(new URL("device-main.ts", import.meta.url));
