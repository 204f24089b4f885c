import type { Clock } from "@gatehouse/shared";
import { Duplex } from "node:stream";

export interface OrderlyStreamOptions {
  readonly clock: Clock;
  /** How long the other side may take to end its direction, in ms. */
  readonly lingerMs: number;
}

/**
 * What TLS may close without losing its last words. TLS destroys what carries it as soon as it has said its last; a socket still delivers
 * them then, but a stream of HTTP/2 is reset, which tells the relay to drop what it holds. So where both words and end were said, the
 * stream is left to the other side to end, for a while. Whatever is destroyed otherwise is reset at once.
 */
export class OrderlyStream extends Duplex {
  readonly #stream: Duplex;
  readonly #options: OrderlyStreamOptions;

  constructor(stream: Duplex, options: OrderlyStreamOptions) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.#options = options;
    stream.on("data", (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) stream.pause();
    });
    stream.once("end", () => this.push(null));
    stream.once("close", () => {
      // What came before its end is still to be read.
      if (!stream.readableEnded || !stream.writableFinished) this.destroy();
    });
    stream.pause();
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream.write(chunk)) done();
    else this.#stream.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error === null && this.#stream.writableFinished) this.#linger();
    else this.#stream.destroy();
    done(error);
  }

  /** What comes still is for nobody. */
  #linger(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    const { clock, lingerMs } = this.#options;
    const timer = clock.schedule(lingerMs, () => stream.destroy());
    stream.once("close", () => timer[Symbol.dispose]());
    stream.resume();
  }
}
