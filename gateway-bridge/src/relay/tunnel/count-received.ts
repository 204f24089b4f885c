import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Counts what somebody else reads of a stream from now on; the answer tells how much it is by now. It takes nothing, and starts nothing.
 * Of a socket everything counts that was received, of other streams what `data` brings.
 */
export const countReceived = (stream: Duplex): (() => number) => {
  if (stream instanceof Socket) {
    const before = stream.bytesRead - stream.readableLength;
    return () => stream.bytesRead - before;
  }
  let bytes = 0;
  const follow = (event: string | symbol): void => {
    if (event !== "data") return;
    stream.off("newListener", follow);
    stream.on("data", (chunk: Buffer) => void (bytes += chunk.length));
  };
  // Any earlier, a listener of ours would set the stream flowing before its reader is there.
  stream.on("newListener", follow);
  return () => bytes;
};
