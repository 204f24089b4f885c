import type { DeviceProcess } from "./device.ts";
import type { HomeProcess } from "./home.ts";

/** Both ends of what is measured, each in a process of its own. */
export interface Sides {
  readonly devices: DeviceProcess;
  readonly home: HomeProcess;
}
