import { WorkerProcess } from "../worker-process.ts";
import type { Candidate, Passage, PassageNeeds } from "./passage.ts";
import type { pipeHandlers } from "./pipe-main.ts";

const open = async ({ home }: PassageNeeds): Promise<Passage> => {
  const worker = await WorkerProcess.start<typeof pipeHandlers>(new URL("pipe-main.ts", import.meta.url));
  const port = await worker.call("listen", await home.call("listen", {}));
  return {
    pids: [worker.pid],
    target: { kind: "tcp", port },
    check: () => undefined,
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
};

/** What Node itself takes to carry bytes from one socket to another: nobody is asked who they are, and nothing is encrypted. */
export const nodePipe: Candidate = {
  name: "Node's pipe()",
  version: () => Promise.resolve(process.version.slice(1)),
  missing: () => undefined,
  open,
};
