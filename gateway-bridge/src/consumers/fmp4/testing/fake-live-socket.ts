import type { LiveMessage } from "@gatehouse/shared";
import type { LiveSocket } from "../live-socket.ts";

type Done = (error?: Error | null) => void;

/** A WebSocket whose other end takes what it is sent when told to, or at once. */
export class FakeLiveSocket implements LiveSocket {
  readonly sent: (string | Buffer)[] = [];
  closed: { readonly code: number | undefined; readonly reason: string | undefined } | undefined;
  terminated = false;
  bufferedAmount = 0;
  /** While false, what is sent waits. */
  reads: boolean;
  readonly #waiting: { readonly bytes: number; readonly done: Done }[] = [];
  readonly #listeners = new Map<string, Set<(error: Error) => void>>();

  constructor(reads = true) {
    this.reads = reads;
  }

  get messages(): readonly LiveMessage[] {
    return this.sent.flatMap((data) => (typeof data === "string" ? [JSON.parse(data) as LiveMessage] : []));
  }

  get binary(): readonly Buffer[] {
    return this.sent.filter((data) => typeof data !== "string");
  }

  send(data: string | Buffer, done: Done): void {
    this.sent.push(data);
    this.bufferedAmount += data.length;
    this.#waiting.push({ bytes: data.length, done });
    if (this.reads) this.drain();
  }

  /** Takes so many of the messages that wait; all unless told. */
  drain(count = Infinity): void {
    for (const { bytes, done } of this.#waiting.splice(0, count)) {
      this.bufferedAmount -= bytes;
      done();
    }
  }

  close(code?: number, reason?: string): void {
    this.closed = { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }

  on(event: "close" | "message" | "error", listener: (error: Error) => void): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: "close" | "message", listener: () => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  emit(event: "close" | "message" | "error", error = new Error("lost")): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(error);
  }
}
