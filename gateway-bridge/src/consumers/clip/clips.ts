import { GatehouseError, onAbort, type Cancellable } from "@gatehouse/shared";

import { recordClip, type Clip, type ClipRequest } from "./record-clip.ts";

/** Each holds up to 20 MB for a reader that is slow. */
const mostAtOnce = 8;

/** The clips that are being recorded now. */
export class Clips {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * Records one, for as long as it is read.
   * @throws GatehouseError `too-many-sessions`, or as `recordClip` does
   */
  async record(request: ClipRequest, { signal }: Cancellable): Promise<Clip> {
    if (this.#count >= mostAtOnce) {
      throw new GatehouseError("too-many-sessions", `${mostAtOnce} clips are being recorded already`);
    }
    this.#count += 1;
    let ended = false;
    const release = (): void => {
      if (!ended) this.#count -= 1;
      ended = true;
    };
    try {
      const clip = await recordClip(request, { signal });
      // A reader that leaves before it has read a byte never comes to the end of what it reads.
      const leaving = onAbort(signal, release);
      const done = (): void => {
        leaving[Symbol.dispose]();
        release();
      };
      return { ...clip, chunks: releasing(clip.chunks, done) };
    } catch (error) {
      release();
      throw error;
    }
  }
}

async function* releasing(chunks: AsyncIterable<Uint8Array>, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    done();
  }
}
