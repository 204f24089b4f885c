import { GatehouseError, onAbort, type Cancellable } from "@gatehouse/shared";
import type { Duplex } from "node:stream";

import { longestPreface, parsePreface, type Preface } from "./preface.ts";

const lineFeed = 0x0a;

/**
 * The first line of a stream that nobody else reads. What came behind it is left for whoever reads next.
 * @throws GatehouseError `request-invalid` for a line that is too long, of another kind, or never ends, or the signal's reason
 */
export const readPreface = async (stream: Duplex, { signal }: Cancellable): Promise<Preface> => {
  let taken = Buffer.alloc(0);
  for (;;) {
    signal.throwIfAborted();
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      if (stream.readableEnded || stream.destroyed) throw refusal("it ended before it said what it wants");
      await somethingToRead(stream, signal);
      continue;
    }
    taken = Buffer.concat([taken, chunk]);
    const end = taken.indexOf(lineFeed);
    if (end < 0 && taken.length < longestPreface) continue;
    if (end < 0) throw refusal(`its first line is longer than ${longestPreface} bytes`);
    const preface = parsePreface(taken.subarray(0, end));
    // What it says instead stays out: it may hold a cookie.
    if (preface === undefined) throw refusal("its first line is of another kind");
    if (end + 1 < taken.length) stream.unshift(taken.subarray(end + 1));
    return preface;
  }
};

/** Resolves when there may be something to read, or nothing will be any more. */
const somethingToRead = (stream: Duplex, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const events = ["readable", "end", "close", "error"] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      abort[Symbol.dispose]();
      resolve();
    };
    for (const event of events) stream.on(event, done);
    const abort = onAbort(signal, done);
  });

const refusal = (why: string): GatehouseError => new GatehouseError("request-invalid", why);
