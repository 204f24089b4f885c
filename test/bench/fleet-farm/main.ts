import { openFleet, type Fleet, type FleetDraw } from "../../simulator/fleet/fleet.ts";
import { serveParent } from "../worker-process.ts";
import type { FleetPlace, FleetTruth, WrongPassword } from "./farm.ts";

let fleet: Fleet | undefined;

const cameras = (): Fleet["cameras"] => fleet?.cameras ?? [];

export const fleetFarmHandlers = {
  /** Draws a fleet from its seed, in the place of the one before. */
  open: async (draw: FleetDraw): Promise<readonly FleetPlace[]> => {
    await fleet?.[Symbol.asyncDispose]();
    fleet = await openFleet(draw);
    return cameras().map(({ facts }) => {
      const { onvifUrl, rtspUrl, pin, administrator, username, password } = facts;
      const secureStreams = rtspUrl.startsWith("rtsps:");
      return { onvifUrl, secureStreams, pin, administrator, username, password };
    });
  },
  truths: (): readonly FleetTruth[] => fleet?.truths() ?? [],
  /** Of each camera, since it was opened. */
  wrongPasswords: (): readonly (readonly WrongPassword[])[] =>
    cameras().map(({ counts }) => counts.tries.map(({ account, at }) => ({ account, at }))),
  /** How many connections each camera had open at a time, at most, since it was opened. */
  connectionPeaks: (): readonly number[] => cameras().map(({ counts }) => counts.connections.peak),
};

serveParent(fleetFarmHandlers);
