import type { Cancellable, Clock } from "@gatehouse/shared";

import { Turnstile } from "./turnstile.ts";

/**
 * Cheap cameras fall over when more than four connections are open: some serve two clients of a stream at a time. One is left for that which a
 * camera has yet to notice was closed.
 */
export const mostConnections = 3;
export const connectionPauseMs = 250;

export interface CameraLaneOptions {
  readonly clock: Clock;
  /** Between two new connections. */
  readonly pauseMs: number;
  /** How long a closed connection still counts: until the camera has noticed. */
  readonly lingerMs?: number;
}

/** What goes to one host at a time, whoever asks. */
export class CameraLane {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #lingerMs: number;
  readonly #connections = new Turnstile(mostConnections);
  readonly #questions = new Turnstile(mostConnections);
  readonly #listeners = new Set<() => void>();
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor({ clock, pauseMs, lingerMs = 0 }: CameraLaneOptions) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    this.#lingerMs = lingerMs;
  }

  /** A place for one connection, once it is its turn. */
  async connection({ signal }: Cancellable): Promise<Disposable> {
    if (this.#connections.isCrowded) for (const listener of [...this.#listeners]) listener();
    const place = await this.#connections.enter({ signal });
    try {
      await this.#pace({ signal });
      return this.#lingering(place);
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /** Not more questions at a time than there may be connections, so that none waits for one while its time for an answer runs. */
  async ask<T>(work: () => Promise<T>, cancel: Cancellable): Promise<T> {
    using _place = await this.#questions.enter(cancel);
    return await work();
  }

  onCrowded(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #lingering(place: Disposable): Disposable {
    if (this.#lingerMs === 0) return place;
    return { [Symbol.dispose]: () => void this.#clock.schedule(this.#lingerMs, () => place[Symbol.dispose]()) };
  }

  async #pace(cancel: Cancellable): Promise<void> {
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#pauseMs;
    if (at > now) await this.#clock.delay(at - now, cancel);
  }
}
