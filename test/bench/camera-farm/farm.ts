import { WorkerProcess } from "../worker-process.ts";
import type { farmHandlers } from "./main.ts";

/** A simulated camera of the farm, as a client needs it. */
export interface FarmCamera {
  /** What its stamps say. */
  readonly id: string;
  readonly rtspUrl: string;
  readonly onvifUrl: string;
  readonly username: string;
  readonly password: string;
}

/** Between two key pictures of every camera. */
export const gopMs = 2_000;

export type CameraFarm = WorkerProcess<typeof farmHandlers>;

/** Simulated cameras of 4 Mbit/s, all in one process. */
export const startCameraFarm = (): Promise<CameraFarm> =>
  WorkerProcess.start<typeof farmHandlers>(new URL("main.ts", import.meta.url));

/** The camera's URL with its login in it, as other programs want it. */
export const urlWithLogin = ({ rtspUrl, username, password }: FarmCamera): string => {
  const url = new URL(rtspUrl);
  url.username = username;
  url.password = password;
  return url.href;
};
