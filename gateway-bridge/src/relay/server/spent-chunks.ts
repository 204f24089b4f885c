/**
 * Gives the memory of what was written back at once. Otherwise V8 has to find out that nobody needs it any more, for which it looks at its
 * whole heap, with all tunnels in it, after every few megabytes that pass: that was a quarter of what carrying cost.
 * Only for chunks that nobody else has, and for sinks that do not look at them after they said that they were written.
 */
export class SpentChunks {
  /** A few: a full sink is not written to. */
  readonly #chunks: Buffer[] = [];

  /** In the order in which they are written. */
  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** The sink's word for the oldest of them. */
  readonly written = (): void => {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) giveBack(chunk);
  };
}

/** A part of a larger piece of memory stays: the rest of it may be somebody's. */
const giveBack = ({ buffer, byteLength }: Buffer): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
};
