/** One NotificationMessage, as XML. */
export type Notification = string;

const maxQueued = 100;

/** One client's subscription: messages wait in it until they are pulled. */
export class PullPoint implements Disposable {
  readonly #onEnd: () => void;
  #queue: Notification[] = [];
  #waiting: (() => void) | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #endsAt = 0;

  /** @param onEnd called once, when it expires or is disposed */
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
    this.#queue.push(notification);
    if (this.#queue.length > maxQueued) this.#queue.shift();
    this.#waiting?.();
  }

  /** Up to `limit` messages: at once if there are any, else as soon as one comes, or none after `timeoutMs`. */
  async pull(limit: number, timeoutMs: number): Promise<Notification[]> {
    if (this.#queue.length === 0) {
      // A second PullMessages takes the place of the first, which ends empty.
      this.#waiting?.();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#queue.splice(0, limit);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#expiry);
    this.#waiting?.();
    this.#onEnd();
  }
}
