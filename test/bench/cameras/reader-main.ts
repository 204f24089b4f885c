import type { FarmCamera } from "../camera-farm/farm.ts";
import { serveParent } from "../worker-process.ts";
import { ReadOnlyClient } from "./read-only-client.ts";

const clients: ReadOnlyClient[] = [];

export const readerHandlers = {
  /** Reads exactly these cameras from now on. */
  read: async (cameras: readonly FarmCamera[]): Promise<void> => {
    for (const client of clients.splice(0)) client[Symbol.dispose]();
    clients.push(...(await Promise.all(cameras.map((camera) => ReadOnlyClient.play(camera)))));
  },
  packets: (): number => clients.reduce((sum, { packets }) => sum + packets, 0),
};

serveParent(readerHandlers);
