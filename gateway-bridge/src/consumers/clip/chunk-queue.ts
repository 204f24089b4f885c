/** Chunks on their way from one who writes to one who reads. */
export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  readonly #onTaken: () => void;
  #bytes = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param onTaken called after each chunk that was taken */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** What waits to be read. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake?.();
  }

  /** Nothing follows what was pushed; with an error, also a later one, what was not read yet is let go and the reader gets it. */
  end(error?: Error): void {
    if (this.#error !== undefined || (this.#ended && error === undefined)) return;
    this.#ended = true;
    this.#error = error;
    if (error !== undefined) this.#chunks.length = 0;
    this.#wake?.();
  }

  /** To be read once. `onLeft` is called when the reader has all, or leaves before. */
  async *read(onLeft: () => void): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.length;
          this.#onTaken();
          yield chunk;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#wake = undefined;
        }
      }
    } finally {
      onLeft();
    }
  }
}
