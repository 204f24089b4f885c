import { setTimeout as delay } from "node:timers/promises";

import type { MediaHost } from "../media-host/host.ts";
import type { Output } from "../outputs/output.ts";
import { openFiles } from "../process-usage.ts";

/** What a process holds once everybody has left. */
export interface Holdings {
  /** Bytes of the heap and of buffers, after garbage collection. */
  readonly memory: number;
  readonly files: number;
  readonly resources: number;
}

/** Something that viewers come to and leave. */
export interface RevolvingDoor {
  readonly name: string;
  /** One viewer comes, gets media, and leaves. */
  pass(): Promise<void>;
  holdings(): Promise<Holdings>;
}

/** One output of a gateway's media plane. */
export const doorOf = (host: MediaHost, output: Output, settleMs: number): RevolvingDoor => ({
  name: output.name,
  pass: async () => (await output.join(host, 0))[Symbol.asyncDispose](),
  holdings: async () => {
    await delay(settleMs);
    // What the ring holds grows and shrinks with the camera's GOP.
    const memory = (await host.call("memory")) - (await host.call("ringPayload"));
    return { memory, resources: await host.call("resources"), files: openFiles(host.pid) };
  },
});
