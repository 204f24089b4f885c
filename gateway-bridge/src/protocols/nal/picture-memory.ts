/** What waits to be used again weighs no more than this: more than a GOP of nearly every camera. */
const maxIdleBytes = 4 * 1024 * 1024;
/** Sizes up to this one are rounded up to a multiple of it. */
const smallest = 1_024;
/** Larger ones are rounded up so that at most every so-many-th byte is unused. */
const fraction = 4;

/** The memory of one picture. */
export interface PictureBuffer {
  /** At least as long as was asked for. */
  readonly bytes: Buffer;
  /** Gives the memory back: only for who knows that nobody else has a view of it. Once; a second time does nothing. */
  release(): void;
}

/**
 * Memory for the pictures of one camera connection, used again where it is given back. Memory made for each picture would be freed
 * by mark and sweep, once in a second and for more than all the rest of receiving costs: V8 collects by how much memory outside
 * of its heap was asked for. What is never given back is the garbage collector's, as any other Buffer.
 */
export class PictureMemory {
  /** By their size. */
  readonly #idle = new Map<number, Lent[]>();
  #idleBytes = 0;

  lend(bytes: number): PictureBuffer {
    const size = roundUp(bytes);
    const idle = this.#idle.get(size)?.pop();
    if (idle === undefined) return new Lent(size, (back) => this.#takeBack(back));
    this.#idleBytes -= size;
    idle.lent = true;
    return idle;
  }

  #takeBack(back: Lent): void {
    const { length } = back.bytes;
    if (this.#idleBytes + length > maxIdleBytes) return;
    this.#idleBytes += length;
    const same = this.#idle.get(length);
    if (same === undefined) this.#idle.set(length, [back]);
    else same.push(back);
  }
}

class Lent implements PictureBuffer {
  readonly bytes: Buffer;
  readonly #takeBack: (back: Lent) => void;
  lent = true;

  constructor(size: number, takeBack: (back: Lent) => void) {
    // Not of Node's pool: a small picture would keep 64 KiB alive there of what was made at the same time.
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#takeBack = takeBack;
  }

  release(): void {
    if (!this.lent) return;
    this.lent = false;
    this.#takeBack(this);
  }
}

/** To one of a few sizes, so that what is given back suits another picture. */
const roundUp = (bytes: number): number => {
  const powerOfTwo = 2 ** (31 - Math.clz32(Math.max(1, bytes)));
  const step = Math.max(smallest, powerOfTwo / fraction);
  return Math.max(1, Math.ceil(bytes / step)) * step;
};
