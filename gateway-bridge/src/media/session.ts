import { toGatehouseError, type GatehouseError } from "@gatehouse/shared";

import type { AccessUnit } from "../domain/access-unit.ts";
import { admit, type Awaiting, type Backlog } from "./backpressure-policy.ts";

/** Whoever takes a stream's units: a consumer's end of a Session. */
export interface Viewer {
  /**
   * Takes one unit, always. False means full: nothing more comes until `session.resume()`, to be called after this returned.
   * Synchronous; a viewer that throws is ended with its error.
   */
  write(unit: AccessUnit): boolean;
  /** The stream closed for good, or this viewer failed. Called once, and nothing after it; never after the viewer left. */
  end(error: GatehouseError): void;
}

export interface SessionOptions {
  readonly viewer: Viewer;
  /** What starts the viewer: nothing, or a key picture and what follows it. */
  readonly replay: readonly AccessUnit[];
  /** What may wait for the viewer, the replay apart. */
  readonly limit: Backlog;
  /** Called once, when the session is over by whatever cause. */
  readonly onClosed: (session: Session) => void;
}

const none: Backlog = { units: 0, bytes: 0 };
const sum = (a: Backlog, b: Backlog): Backlog => ({ units: a.units + b.units, bytes: a.bytes + b.bytes });

/**
 * One viewer's hold on a Stream. Delivery begins with the first `resume()`. A viewer that is slow misses everything up
 * to the next key picture, which is counted, and slows nobody else.
 */
export class Session implements Disposable {
  readonly #viewer: Viewer;
  readonly #limit: Backlog;
  readonly #onClosed: (session: Session) => void;
  readonly #queue: AccessUnit[];
  #bytes: number;
  /** What is still waiting of the replay does not count against the limit. */
  #allowance: Backlog;
  #awaiting: Awaiting;
  #flowing = false;
  #delivering = false;
  #closed = false;
  #dropped = 0;

  constructor({ viewer, replay, limit, onClosed }: SessionOptions) {
    this.#viewer = viewer;
    this.#limit = limit;
    this.#onClosed = onClosed;
    this.#queue = [...replay];
    this.#bytes = replay.reduce((bytes, unit) => bytes + unit.bytes, 0);
    this.#allowance = this.pending;
    this.#awaiting = replay.length === 0 ? "beginning" : "nothing";
  }

  /** Units that the viewer missed because it was slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What waits for the viewer. */
  get pending(): Backlog {
    return { units: this.#queue.length, bytes: this.#bytes };
  }

  /** The viewer has room: hands over what waits, synchronously, until it is full again. */
  resume(): void {
    this.#flowing = true;
    this.#deliver();
  }

  /** For the Stream: a unit has come. Never throws. */
  offer(unit: AccessUnit): void {
    if (this.#closed) return;
    const limit = sum(this.#limit, this.#allowance);
    const admission = admit({ unit, awaiting: this.#awaiting, pending: this.pending, limit });
    switch (admission) {
      case "skip":
        if (this.#awaiting === "slow-viewer") this.#dropped += 1;
        return;
      case "drop":
        this.#dropped += this.#queue.length + 1;
        this.#empty();
        this.#awaiting = "slow-viewer";
        return;
      case "restart":
        this.#dropped += this.#queue.length;
        this.#empty();
        break;
      case "queue":
        break;
    }
    this.#awaiting = "nothing";
    this.#queue.push(unit);
    this.#bytes += unit.bytes;
    this.#deliver();
  }

  /** For the Stream: the upstream began anew, so the viewer goes on at its next key picture. */
  interrupt(): void {
    if (this.#awaiting === "nothing") this.#awaiting = "beginning";
  }

  /** For the Stream: closes the session and tells the viewer why. */
  end(error: GatehouseError): void {
    if (!this.#close()) return;
    try {
      this.#viewer.end(error);
    } catch {
      // It is gone either way, and the other viewers must hear too.
    }
  }

  /** The viewer leaves. */
  [Symbol.dispose](): void {
    this.#close();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#flowing && !this.#closed) {
        const unit = this.#queue.shift();
        if (unit === undefined) break;
        this.#bytes -= unit.bytes;
        this.#spend(unit);
        if (!this.#viewer.write(unit)) this.#flowing = false;
      }
    } catch (error) {
      this.end(toGatehouseError(error));
    } finally {
      this.#delivering = false;
    }
  }

  /** The queue is in order, so the replay leaves it before anything else. */
  #spend(unit: AccessUnit): void {
    const { units, bytes } = this.#allowance;
    if (units > 0) this.#allowance = { units: units - 1, bytes: bytes - unit.bytes };
  }

  #empty(): void {
    this.#queue.length = 0;
    this.#bytes = 0;
    this.#allowance = none;
  }

  #close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.#empty();
    this.#onClosed(this);
    return true;
  }
}
