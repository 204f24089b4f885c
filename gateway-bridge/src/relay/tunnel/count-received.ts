import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Counts what somebody else reads of a stream from now on; the answer tells how much it is by now. It takes nothing, and starts nothing.
 * What was not read does not count for a stream of HTTP/2, while a socket of its own counts what was received.
 */
export const countReceived = (stream: Duplex): (() => number) => {
  if (stream instanceof Socket) {
    const before = stream.bytesRead - stream.readableLength;
    return () => stream.bytesRead - before;
  }
  let bytes = 0;
  // A listener would set the stream flowing before its reader is there; this is called as the reader does.
  stream.once("resume", () => stream.on("data", (chunk: Buffer) => void (bytes += chunk.length)));
  return () => bytes;
};
