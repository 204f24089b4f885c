import { GatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import { findExecutable } from "../media/ffmpeg/executable.ts";
import { runProgram, type ProgramResult } from "./run-program.ts";

/** The gateway as something that can be stopped and started. */
export interface GatewayService {
  isRunning(cancel: Cancellable): Promise<boolean>;
  /** Returns when it has ended. */
  stop(cancel: Cancellable): Promise<void>;
  /** Returns when it was started; whether it works is another question. */
  start(cancel: Cancellable): Promise<void>;
}

export interface SystemdOptions {
  readonly unit: string;
  readonly searchPath: string;
  readonly clock: Clock;
}

/** Longer than the unit is given to end. */
const patience = 120_000;

/** The gateway as a unit of systemd. */
export const systemdService = ({ unit, searchPath, clock }: SystemdOptions): GatewayService => {
  const systemctl = async (args: readonly string[], cancel: Cancellable): Promise<ProgramResult> => {
    const program = await findExecutable("systemctl", searchPath);
    if (program === undefined)
      throw new GatehouseError("update-unsuitable", "There is no systemctl here to stop and start the gateway with.");
    return runProgram({ program, args: [...args, unit], searchPath, ms: patience, clock }, cancel);
  };
  const demand = async (verb: string, cancel: Cancellable): Promise<void> => {
    const { code, stderr } = await systemctl([verb], cancel);
    if (code === 0) return;
    throw new GatehouseError("update-failed", `systemctl ${verb} ${unit} failed: ${stderr.trim().slice(0, 300)}`);
  };
  return {
    isRunning: async (cancel) => (await systemctl(["is-active", "--quiet"], cancel)).code === 0,
    stop: (cancel) => demand("stop", cancel),
    start: (cancel) => demand("start", cancel),
  };
};
