import { GatehouseError, onAbort, type Cancellable, type PrincipalId } from "@gatehouse/shared";

import { recordClip, type Clip, type ClipRequest } from "./record-clip.ts";

/** Each holds up to 20 MB for a reader that is slow. */
const mostAtOnce = 8;
/** So that nobody keeps all others from theirs. */
const mostOfOne = 4;

export type ClipsOptions = Pick<ClipRequest, "openConverter" | "clock" | "log">;

export interface ClipOrder extends Omit<ClipRequest, keyof ClipsOptions> {
  /** Whose clip it is. */
  readonly principal: PrincipalId;
}

/** The clips that are being recorded now. */
export class Clips {
  readonly #options: ClipsOptions;
  readonly #open = new Set<{ readonly principal: PrincipalId }>();

  constructor(options: ClipsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Records one, for as long as it is read. Whoever hands it on lets go of it where its reader takes nothing.
   * @throws GatehouseError `too-many-sessions`, or as `recordClip` does
   */
  async record({ principal, ...request }: ClipOrder, { signal }: Cancellable): Promise<Clip> {
    this.#assertRoom(principal);
    const place = { principal };
    this.#open.add(place);
    const release = (): void => void this.#open.delete(place);
    // A reader that leaves before it has read a byte never comes to the end of what it reads.
    const leaving = onAbort(signal, release);
    const done = (): void => {
      leaving[Symbol.dispose]();
      release();
    };
    try {
      const clip = await recordClip({ ...this.#options, ...request }, { signal });
      return { ...clip, chunks: releasing(clip.chunks, done) };
    } catch (error) {
      done();
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

async function* releasing(chunks: AsyncIterable<Uint8Array>, release: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    release();
  }
}
