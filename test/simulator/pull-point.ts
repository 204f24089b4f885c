/** One NotificationMessage, as XML. */
export type Notification = string;

const maxQueued = 100;

export interface PullWait {
  readonly timeoutMs: number;
  /** Tells that the client has gone: nothing is handed to it any more. */
  readonly signal: AbortSignal;
}

/** One client's subscription: messages wait in it until they are pulled. */
export class PullPoint implements Disposable {
  readonly #onEnd: () => void;
  readonly #queue: Notification[] = [];
  /** Answers the pull that waits, if one does; the queue is empty then. */
  #answer: ((messages: Notification[]) => void) | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #endsAt = 0;

  /** @param onEnd called when it expires or is disposed */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Ends by itself after `ms`, unless renewed. */
  renew(ms: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this[Symbol.dispose](), ms);
    this.#endsAt = performance.now() + ms;
  }

  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  push(notification: Notification): void {
    if (this.#answer !== undefined) {
      this.#answer([notification]);
      return;
    }
    this.#queue.push(notification);
    if (this.#queue.length > maxQueued) this.#queue.shift();
  }

  /** Up to `limit` messages: at once if there are any, else as soon as one comes, or none after `timeoutMs`. */
  async pull(limit: number, { timeoutMs, signal }: PullWait): Promise<Notification[]> {
    if (this.#queue.length > 0) return this.#queue.splice(0, limit);
    // A second PullMessages takes the place of the first, which ends empty.
    this.#answer?.([]);
    return await new Promise((resolve) => {
      const answer = (messages: Notification[]): void => {
        clearTimeout(timer);
        if (this.#answer === answer) this.#answer = undefined;
        resolve(messages);
      };
      const timer = setTimeout(answer, timeoutMs, []);
      signal.addEventListener("abort", () => answer([]), { once: true });
      this.#answer = answer;
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#expiry);
    this.#answer?.([]);
    this.#onEnd();
  }
}
