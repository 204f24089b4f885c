import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { Simulator, type SimulatorOptions } from "../../simulator/simulator.ts";
import { serveParent } from "../worker-process.ts";
import { gopMs, type FarmCamera } from "./farm.ts";

interface Opening {
  readonly count: number;
  readonly options?: SimulatorOptions;
}

const cameras: Simulator[] = [];

const describe = ({ id, rtspUrl, onvifUrl, username, password }: Simulator): FarmCamera => ({
  id,
  rtspUrl,
  onvifUrl,
  username,
  password,
});

export const farmHandlers = {
  /** Key pictures of many cameras must not all fall on one moment, so they begin one after the other. */
  open: async ({ count, options = {} }: Opening): Promise<readonly FarmCamera[]> => {
    const opened: Simulator[] = [];
    for (let index = 0; index < count; index += 1) {
      if (index > 0) await delay(gopMs / count);
      opened.push(await Simulator.open({ fill: "user-data", ...options, password: randomBytes(12).toString("hex") }));
    }
    cameras.push(...opened);
    return opened.map(describe);
  },
  /** RTSP clients that are playing now, of all cameras. */
  clients: (): number => cameras.reduce((sum, { counts }) => sum + counts.rtspClients, 0),
};

serveParent(farmHandlers);
