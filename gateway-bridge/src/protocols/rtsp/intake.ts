/** What may wait: 500 ms of 4 Mbit/s. */
const capacity = 256 * 1024;
/** Room for one reading of the network; where less is left, what waits is taken first. */
const readingBytes = 64 * 1024;
/** How long the oldest may wait, while more comes. */
const longestMs = 500;

/** Takes bytes that are good until it returns. `arrivedAt` is Clock.monotonic(), of the moment when they were read. */
export type TakeBytes = (bytes: Buffer, arrivedAt: number) => void;

interface Arrival {
  readonly from: number;
  readonly end: number;
  readonly arrivedAt: number;
}

/**
 * What a connection brings: read into one piece of memory, and taken from there at once or, while nobody waits for it, many readings
 * at a time. To take a picture apart just after the processor did something else costs several times as much as to take many
 * apart in a row, and most cameras are looked at by nobody most of the time. Each reading keeps the time of its arrival.
 */
export class Intake {
  readonly #take: TakeBytes;
  readonly #memory = Buffer.allocUnsafeSlow(capacity);
  readonly #waiting: Arrival[] = [];
  #filled = 0;
  #roomAt = 0;
  #awaited = true;
  #draining = false;

  constructor(take: TakeBytes) {
    this.#take = take;
  }

  /** Whether somebody waits for what comes. What was kept waiting is taken when somebody begins to. Throws as `drain` does. */
  set awaited(awaited: boolean) {
    this.#awaited = awaited;
    if (awaited) this.drain();
  }

  /** Where the next bytes are to be put. A socket asks for it long before they come. */
  get room(): Buffer {
    this.#roomAt = this.#filled;
    return this.#memory.subarray(this.#filled, this.#filled + readingBytes);
  }

  /** So many bytes were put into the room that was asked for last. Throws as `drain` does. */
  received(count: number, arrivedAt: number): void {
    const from = this.#roomAt;
    this.#filled = from + count;
    this.#waiting.push({ from, end: this.#filled, arrivedAt });
    const since = this.#waiting[0]?.arrivedAt ?? arrivedAt;
    if (this.#awaited || arrivedAt - since >= longestMs || this.#filled + readingBytes > capacity) this.drain();
  }

  /** Takes what waits. Within `take` it does nothing: the rest follows anyway. Throws what `take` does; the rest is then lost. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (const { from, end, arrivedAt } of this.#waiting) {
        this.#take(this.#memory.subarray(from, end), arrivedAt);
      }
    } finally {
      this.#waiting.length = 0;
      this.#filled = 0;
      this.#draining = false;
    }
  }
}
