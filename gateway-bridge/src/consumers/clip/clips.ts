import { GatehouseError, onAbort, type Cancellable } from "@gatehouse/shared";

import { assertRoom, type RoomLimits } from "../../domain/room-policy.ts";
import { matchesFilter, type SessionFilter, type SessionOwner } from "../../domain/session-filter.ts";
import type { Hold, Holder } from "../../ports.ts";
import { recordClip, type Clip, type ClipRequest } from "./record-clip.ts";

/** Each holds up to 20 MB for a reader that is slow, and nobody is to keep all others from theirs. */
const limits: RoomLimits = { total: 8, perBlock: 6, perPrincipal: 4 };

export type ClipsOptions = Pick<ClipRequest, "openConverter" | "clock" | "log">;

/** Whose clip it is, and of what. */
export interface ClipOrder extends Omit<ClipRequest, keyof ClipsOptions>, Omit<SessionOwner, "camera"> {}

/** A clip that its owner can lose the right to. */
export interface OwnedClip extends Clip {
  /** Aborts then: nothing of it is to be sent any more, read or not. */
  readonly ended: AbortSignal;
}

interface OpenClip {
  readonly owner: SessionOwner;
  readonly ending: AbortController;
}

/** The clips that are being recorded now. */
export class Clips implements Holder {
  readonly #options: ClipsOptions;
  readonly #open = new Set<OpenClip>();

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
  async record(order: ClipOrder, { signal }: Cancellable): Promise<OwnedClip> {
    const { principal, place, assurance, login, block, ...request } = order;
    const owner: SessionOwner = { principal, camera: request.stream.camera, place, assurance, login, block };
    assertRoom("clips", { taken: [...this.#open].map((clip) => clip.owner), newcomer: owner, limits });
    const taken: OpenClip = { owner, ending: new AbortController() };
    this.#open.add(taken);
    const release = (): void => void this.#open.delete(taken);
    // A reader that leaves before it has read a byte never comes to the end of what it reads.
    const leaving = onAbort(signal, release);
    const done = (): void => {
      leaving[Symbol.dispose]();
      release();
    };
    try {
      const { signal: ended } = taken.ending;
      const cancel: Cancellable = { signal: AbortSignal.any([signal, ended]) };
      const clip = await recordClip({ ...this.#options, ...request }, cancel);
      return { ...clip, chunks: releasing(clip.chunks, done), ended };
    } catch (error) {
      done();
      throw error;
    }
  }

  holds(): readonly Hold[] {
    return [...this.#open].map(({ owner }) => ({ ...owner, action: "clip" }));
  }

  /** Cuts them short where they are: what waits to be read is lost. */
  endAll(of: SessionFilter, why: string): void {
    for (const { owner, ending } of [...this.#open]) {
      if (matchesFilter(of, owner)) ending.abort(new GatehouseError("stream-ended", `The clip was ended: ${why}.`));
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
