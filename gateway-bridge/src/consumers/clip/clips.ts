import { GatehouseError, onAbort, type Cancellable, type Clock, type PrincipalId } from "@gatehouse/shared";

import { recordClip, type Clip, type ClipRequest } from "./record-clip.ts";

/** Each holds up to 20 MB for a reader that is slow. */
const mostAtOnce = 8;
/** So that nobody keeps all others from theirs. */
const mostOfOne = 4;
/** A reader that takes no part of its clip for this long, in ms, is not there any more. */
export const stuckMs = 60_000;

export interface ClipOrder extends ClipRequest {
  /** Whose clip it is. */
  readonly principal: PrincipalId;
}

/** The clips that are being recorded now. */
export class Clips {
  readonly #open = new Set<{ readonly principal: PrincipalId }>();

  get count(): number {
    return this.#open.size;
  }

  /**
   * Records one, for as long as it is read.
   * @throws GatehouseError `too-many-sessions`, or as `recordClip` does; its reader `timeout` when it took nothing for a minute
   */
  async record({ principal, ...request }: ClipOrder, { signal }: Cancellable): Promise<Clip> {
    this.#assertRoom(principal);
    const place = { principal };
    this.#open.add(place);
    const leaving = new AbortController();
    const outer = onAbort(signal, (reason) => leaving.abort(reason));
    const release = (): void => {
      outer[Symbol.dispose]();
      this.#open.delete(place);
    };
    // A reader that leaves before it has read a byte never comes to the end of what it reads.
    leaving.signal.addEventListener("abort", release, { once: true });
    try {
      const clip = await recordClip(request, { signal: leaving.signal });
      const reader = new ReaderWatch(request.clock, () => leaving.abort(stuck()));
      return { ...clip, chunks: watched(clip.chunks, reader, release) };
    } catch (error) {
      release();
      throw error;
    }
  }

  #assertRoom(principal: PrincipalId): void {
    if (this.#open.size >= mostAtOnce) {
      throw new GatehouseError("too-many-sessions", `${mostAtOnce} clips are being recorded already`);
    }
    if ([...this.#open].filter((place) => place.principal === principal).length >= mostOfOne) {
      throw new GatehouseError("too-many-sessions", `this client has ${mostOfOne} clips recorded already`);
    }
  }
}

const stuck = (): GatehouseError => new GatehouseError("timeout", `the clip was not read on for ${stuckMs / 1_000} s`);

/** Runs out while it is the reader's turn. */
class ReaderWatch {
  readonly #clock: Pick<Clock, "schedule">;
  readonly #onStuck: () => void;
  #timer: Disposable;

  constructor(clock: Pick<Clock, "schedule">, onStuck: () => void) {
    this.#clock = clock;
    this.#onStuck = onStuck;
    this.#timer = clock.schedule(stuckMs, onStuck);
  }

  itsTurn(): void {
    this.#timer = this.#clock.schedule(stuckMs, this.#onStuck);
  }

  ourTurn(): void {
    this.#timer[Symbol.dispose]();
  }
}

async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  reader: ReaderWatch,
  release: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    reader.ourTurn();
    for await (const chunk of chunks) {
      reader.itsTurn();
      yield chunk;
      reader.ourTurn();
    }
  } finally {
    reader.ourTurn();
    release();
  }
}
