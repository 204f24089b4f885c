import { WorkerProcess } from "../worker-process.ts";
import type { fleetFarmHandlers } from "./main.ts";

interface Login {
  readonly username: string;
  readonly password: string;
}

/** A simulated camera of a fleet, as the gateway knows one that it has adopted. */
export interface FleetPlace extends Login {
  readonly onvifUrl: string;
  /** Whether its streams are fetched within TLS alone. */
  readonly secureStreams: boolean;
  readonly pin: string | null;
  /** The login that may change its settings. */
  readonly administrator: Login;
}

/** How it really is, by the name of the check that should see it: `cannot` such a camera cannot have it, or nobody could see it. */
export type FleetTruth = Readonly<Record<string, "weak" | "sound" | "cannot">>;

/** A wrong password that a camera was sent. */
export interface WrongPassword {
  readonly account: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type FleetFarm = WorkerProcess<typeof fleetFarmHandlers>;

/** Fleets of simulated cameras, one at a time, in a process of their own: who looks at them knows nothing of how they are made. */
export const startFleetFarm = (): Promise<FleetFarm> =>
  WorkerProcess.start<typeof fleetFarmHandlers>(new URL("main.ts", import.meta.url));
