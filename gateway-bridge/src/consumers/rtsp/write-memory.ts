/** What most pictures fit into. */
const commonSize = 64 * 1024;

/**
 * Memory for what is written next, used again as soon as the system has taken it. A new piece for each picture and reader would cost
 * more than the copy into it: V8 collects its garbage by how much is asked for outside of its heap.
 */
export class WriteMemory {
  #bytes: Buffer | undefined;

  take(size: number): Buffer {
    if (this.#bytes === undefined || this.#bytes.length < size) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(size, commonSize));
    }
    return this.#bytes.subarray(0, size);
  }

  /** If these bytes were taken here, they are somebody else's from now on. */
  leave({ buffer }: Buffer): void {
    if (buffer === this.#bytes?.buffer) this.#bytes = undefined;
  }
}
