import type { Clock } from "@gatehouse/shared";

import { decideRest, muchBytes } from "./rest-policy.ts";

/** When bytes came. */
export interface Arrival {
  /** Clock.monotonic(), of the moment when they were read. */
  readonly at: number;
  /** They were read as they came; false where they may have lain unread for a while. */
  readonly prompt: boolean;
}

/** A connection that can be left unread for a while, as sockets can. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/**
 * When a connection is read: at once as long as somebody waits for what it brings, else in turns with rests between them. Most cameras
 * are looked at by nobody most of the time.
 */
export class Intake implements Disposable {
  readonly #clock: Clock;
  readonly #connection: Readable;
  #awaited = true;
  /** Until the turn after a rest is over: what it reads may have come at any time of the rest. */
  #late = false;
  /** Read in this turn. */
  #bytes = 0;
  /** The end of the turn at hand, or of the rest. */
  #turn: Disposable | undefined;
  #rest: Disposable | undefined;

  constructor(connection: Readable, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Whether somebody waits for what comes. When somebody begins to, a rest is over. */
  set awaited(awaited: boolean) {
    this.#awaited = awaited;
    if (awaited && this.#rest !== undefined) this.#goOn();
  }

  /** So many bytes were read just now. */
  arrived(bytes: number): Arrival {
    if (this.#late || !this.#awaited) this.#turn ??= this.#begin(0);
    this.#bytes += bytes;
    return { at: this.#clock.monotonic(), prompt: !this.#late };
  }

  /** Leaves the connection as it is. */
  [Symbol.dispose](): void {
    this.#turn?.[Symbol.dispose]();
    this.#rest?.[Symbol.dispose]();
  }

  /** A turn of so many ms. */
  #begin(ms: number): Disposable {
    this.#bytes = 0;
    return this.#clock.schedule(ms, () => this.#endTurn());
  }

  #endTurn(): void {
    const bytes = this.#bytes;
    this.#turn = undefined;
    const next = decideRest({ awaited: this.#awaited, bytes, now: this.#clock.monotonic() });
    if (next === undefined) this.#late &&= bytes >= muchBytes;
    else if ("turn" in next) this.#turn = this.#begin(next.turn);
    else this.#takeRest(next.rest);
  }

  #takeRest(ms: number): void {
    this.#late = true;
    this.#connection.pause();
    this.#rest = this.#clock.schedule(ms, () => this.#goOn());
  }

  #goOn(): void {
    this.#rest?.[Symbol.dispose]();
    this.#rest = undefined;
    this.#connection.resume();
  }
}
