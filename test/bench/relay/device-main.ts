import { once } from "node:events";
import type { Duplex } from "node:stream";

import { serveParent } from "../worker-process.ts";
import { askFor, PictureMeter, pump, sharedNow, type Seen, type Task } from "./load.ts";
import { openStream } from "./open-stream.ts";
import type { DeviceTarget } from "./passage.ts";

interface Work {
  readonly target: DeviceTarget;
  readonly task: Exclude<Task, "echo">;
  readonly streams: number;
  /** Asks, and then never reads. */
  readonly stalled?: boolean;
}

interface Pings {
  readonly target: DeviceTarget;
  readonly count: number;
}

const streams: Duplex[] = [];
let meters: PictureMeter[] = [];
let received = 0;

/** What a small message is: a record of a control connection. */
const message = Buffer.alloc(100, 1);

/** Streams that are opened beside each other. */
const atOnce = 8;

const open = async (target: DeviceTarget, count: number): Promise<Duplex[]> => {
  const opened: Duplex[] = [];
  for (let first = 0; first < count; first += atOnce) {
    const indices = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) => first + index);
    opened.push(...(await Promise.all(indices.map((index) => openStream(target, index)))));
  }
  for (const stream of opened) stream.on("error", () => stream.destroy());
  streams.push(...opened);
  return opened;
};

const begin = (stream: Duplex, { task, stalled = false }: Work): void => {
  askFor(stream, task);
  if (stalled) return;
  switch (task) {
    case "sink":
      pump(stream.resume());
      return;
    case "source":
      stream.on("data", (chunk: Buffer) => (received += chunk.length));
      return;
    case "paced": {
      const meter = new PictureMeter();
      meters.push(meter);
      stream.on("data", (chunk: Buffer) => meter.push(chunk));
    }
  }
};

/** One message to the home's side and back, in ms. */
const ping = async (stream: Duplex): Promise<number> => {
  const begun = sharedNow();
  stream.write(message);
  for (let left = message.length; left > 0;) {
    const [chunk] = (await once(stream, "data")) as [Buffer];
    left -= chunk.length;
  }
  return sharedNow() - begun;
};

export const deviceHandlers = {
  /** Opens streams and begins that task on each. */
  work: async (work: Work): Promise<void> => {
    for (const stream of await open(work.target, work.streams)) begin(stream, work);
  },
  /** Bytes that came from sources, since the start. */
  received: (): number => received,
  /** What each viewer that reads saw since the last call. */
  pictures: (): readonly Seen[] => meters.map((meter) => meter.take()),
  /** Streams that stand. */
  standing: (): number => streams.filter(({ destroyed }) => !destroyed).length,
  /** Round trips one after the other on one stream, in ms. */
  ping: async ({ target, count }: Pings): Promise<readonly number[]> => {
    const [stream] = await open(target, 1);
    if (stream === undefined) return [];
    askFor(stream, "echo");
    const times: number[] = [];
    for (let done = 0; done < count; done += 1) times.push(await ping(stream));
    return times;
  },
  /** Ends all streams. */
  stop: async (): Promise<void> => {
    meters = [];
    await Promise.all(
      streams.splice(0).map(async (stream) => {
        if (stream.destroyed) return;
        stream.destroy();
        await once(stream, "close");
      }),
    );
  },
};

serveParent(deviceHandlers);
