/**
 * Preloaded (`--import`) into a server whose memory a benchmark watches: answers each connection on the socket named by
 * GATEHOUSE_PROBE with what the process holds after garbage collection, in one line of JSON.
 */
import { createServer, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds. */
export interface Probed {
  /** Bytes of the heap and of buffers. */
  readonly memory: number;
  /** Handles and requests that are under way, those of the probe left out. */
  readonly resources: number;
}

const path = process.env["GATEHOUSE_PROBE"];
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const answer = async (socket: Socket): Promise<void> => {
  for (let pass = 0; pass < 3; pass += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  // This connection; the listening socket is not counted, because it holds nothing up.
  const resources = process.getActiveResourcesInfo().length - 1;
  socket.end(JSON.stringify({ memory: heapUsed + external, resources } satisfies Probed));
};

if (path !== undefined)
  createServer((socket) => void answer(socket))
    .listen(path)
    .unref();
