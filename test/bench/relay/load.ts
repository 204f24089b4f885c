import type { Duplex } from "node:stream";

/**
 * What a device asks of the home's side: the first byte on each stream. `sink` takes all and keeps nothing, `source` sends as fast as it is taken,
 * `echo` gives back what comes, `paced` sends pictures at a live stream's rate.
 */
export type Task = "sink" | "source" | "echo" | "paced";

const letters: Readonly<Record<Task, number>> = { sink: 0x53, source: 0x44, echo: 0x45, paced: 0x50 };

export const askFor = (stream: Duplex, task: Task): void => void stream.write(Buffer.of(letters[task]));

export const readTask = (letter: number): Task | undefined =>
  (Object.keys(letters) as Task[]).find((task) => letters[task] === letter);

/** What is written at once: a TLS record of 16 KiB as it travels inside a channel, with its head, type and tag. RFC 8446 5.2 */
const recordBytes = Number(process.env["RB"] ?? 16384);

/** Content does not matter to anybody on the way, but it is not to be compressed by chance. */
const record = crypto.getRandomValues(Buffer.alloc(recordBytes));

/** Writes for as long as the stream takes it. */
export const pump = (stream: Duplex): void => {
  const more = (): void => {
    while (!stream.destroyed && stream.write(record));
  };
  stream.on("drain", more);
  more();
};

/** A picture of a stream of 4 Mbit/s. */
export const picture = { bytes: 20_000, everyMs: 40 } as const;

/** The clock that all processes of a machine share, in ms. */
export const sharedNow = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** Longest queue at a viewer before pictures are left out, in bytes: what a gateway does, too. */
const longestQueue = 2 ** 20;

/** Sends pictures to any number of viewers, each at moments of its own. */
export class Pacer {
  readonly #viewers = new Map<Duplex, { next: number; count: number }>();
  #timer: NodeJS.Timeout | undefined;
  #joined = 0;

  join(stream: Duplex): void {
    this.#joined += 1;
    // 7 and 40 have no divisor in common: the moments of many spread over the whole time between two pictures.
    this.#viewers.set(stream, { next: sharedNow() + ((this.#joined * 7) % picture.everyMs), count: 0 });
    stream.once("close", () => this.#leave(stream));
    this.#timer ??= setInterval(() => this.#send(), 2);
  }

  #leave(stream: Duplex): void {
    this.#viewers.delete(stream);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #send(): void {
    const now = sharedNow();
    for (const [stream, viewer] of this.#viewers) {
      if (now < viewer.next) continue;
      // A sender that was held up itself does not catch up: that would be a burst that no camera sends.
      viewer.next = Math.max(viewer.next + picture.everyMs, now);
      viewer.count += 1;
      if (stream.writableLength > longestQueue) continue;
      const bytes = Buffer.allocUnsafe(picture.bytes);
      bytes.writeDoubleBE(now, 0);
      bytes.writeUInt32BE(viewer.count, 8);
      stream.write(bytes);
    }
  }
}

/** What a viewer saw. */
export interface Seen {
  /** Of each picture, how late it was, in ms. */
  readonly late: readonly number[];
  /** Pictures that were left out, because those before had not been taken. */
  readonly missing: number;
}

/** When it was sent, and its number. */
const headBytes = 12;

/** Times the pictures that come on a stream, from when they were sent to when they are whole. */
export class PictureMeter {
  readonly #head = Buffer.alloc(headBytes);
  #newest = 0;
  #missing = 0;
  #at = 0;
  readonly #latencies: number[] = [];

  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      const taken = Math.min(picture.bytes - this.#at, chunk.length - from);
      if (this.#at < headBytes)
        chunk.copy(this.#head, this.#at, from, Math.min(from + taken, from + headBytes - this.#at));
      this.#at += taken;
      from += taken;
      if (this.#at < picture.bytes) continue;
      this.#at = 0;
      const number = this.#head.readUInt32BE(8);
      this.#missing += number - this.#newest - 1;
      this.#newest = number;
      this.#latencies.push(sharedNow() - this.#head.readDoubleBE(0));
    }
  }

  /** Since the last call. */
  take(): Seen {
    const missing = this.#missing;
    this.#missing = 0;
    return { late: this.#latencies.splice(0), missing };
  }
}
