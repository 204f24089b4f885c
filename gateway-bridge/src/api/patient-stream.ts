import { GatehouseError, type Clock } from "@gatehouse/shared";
import { Readable } from "node:stream";

/** Small enough for any link to take one in time. */
const pieceBytes = 64 << 10;

/**
 * What is to be read at the reader's own pace. One who takes nothing for so many ms of what waits for it is let go, and what waited
 * with it; while nothing waits, it may take as long as it will.
 */
export const patientStream = (chunks: AsyncIterable<Uint8Array>, clock: Clock, ms: number): Readable => {
  const giveUp = (): void => {
    body.destroy(new GatehouseError("timeout", `The reader took nothing for ${ms / 1_000} s.`));
  };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        using _patience = clock.schedule(ms, giveUp);
        yield chunk.subarray(at, at + pieceBytes);
      }
    }
  }
  const body: Readable = Readable.from(pieces(), { objectMode: false, highWaterMark: pieceBytes });
  return body;
};
