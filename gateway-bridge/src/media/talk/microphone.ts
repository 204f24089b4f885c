import {
  stopped,
  toGatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type GatehouseError,
  type Logger,
  type PrincipalId,
} from "@gatehouse/shared";

import { ownerOf, type SessionOwner } from "../../domain/session-filter.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { quietMs, retryAt } from "./talk-policy.ts";

/** Where a microphone's sound goes while its owner talks. Closing it never fails. */
export interface Loudspeaker extends AsyncDisposable {
  write(data: Buffer, timestamp: number): void;
  /** Aborts, with a GatehouseError, when the camera ended it. */
  readonly ended: AbortSignal;
}

export interface MicrophoneOptions extends SessionOwner {
  /** What the talker sends. */
  readonly from: AudioTrack;
  /** Gets hold of the camera's loudspeaker. @throws GatehouseError `access-denied`, `talk-busy`, `talk-unsupported`, `camera-...` */
  readonly connect: (microphone: Microphone, cancel: Cancellable) => Promise<Loudspeaker>;
  /** Called once, when it was switched off for good. */
  readonly onClosed: (microphone: Microphone) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Half a second of 10 ms packets; what was said before the camera answered is not worth more delay. */
const longestQueue = 50;

interface Piece {
  readonly data: Buffer;
  readonly timestamp: number;
}

type State =
  | { readonly kind: "silent" }
  | { readonly kind: "connecting"; readonly queue: Piece[]; readonly aborting: AbortController }
  | { readonly kind: "talking"; readonly loudspeaker: Loudspeaker }
  | { readonly kind: "refused"; readonly until: number }
  | { readonly kind: "closed" };

/**
 * One talker's way to one camera. The camera is connected with the first sound, because some cameras ring no bell and play no
 * alarm while somebody talks, and let go when it has been quiet for a while.
 */
export class Microphone implements Disposable {
  readonly #options: MicrophoneOptions;
  #state: State = { kind: "silent" };
  #lastAt = 0;
  #quiet: Disposable | undefined;
  #dropped = 0;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
  }

  get camera(): CameraId {
    return this.#options.camera;
  }

  get principal(): PrincipalId {
    return this.#options.principal;
  }

  get owner(): SessionOwner {
    return ownerOf(this.#options);
  }

  get from(): AudioTrack {
    return this.#options.from;
  }

  get talking(): boolean {
    return this.#state.kind === "talking";
  }

  /** Neither heard, nor about to be. */
  get silent(): boolean {
    return this.#state.kind !== "talking" && this.#state.kind !== "connecting";
  }

  /** Pieces that the camera did not get. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one piece of sound; `timestamp` in ticks of the track's clock. Never throws. */
  write(data: Buffer, timestamp: number): void {
    const now = this.#options.clock.monotonic();
    this.#lastAt = now;
    const state = this.#state;
    switch (state.kind) {
      case "talking":
        state.loudspeaker.write(data, timestamp);
        return;
      case "connecting":
        state.queue.push({ data, timestamp });
        if (state.queue.length > longestQueue) {
          state.queue.shift();
          this.#dropped += 1;
        }
        return;
      case "refused":
        if (now >= state.until) this.#connect({ data, timestamp });
        else this.#dropped += 1;
        return;
      case "silent":
        this.#connect({ data, timestamp });
        return;
      case "closed":
        this.#dropped += 1;
    }
  }

  /** Gives the loudspeaker back; the next sound asks for it anew. */
  hush(): void {
    this.#leave({ kind: "silent" });
  }

  [Symbol.dispose](): void {
    this.#leave({ kind: "closed" });
  }

  #connect(first: Piece): void {
    const aborting = new AbortController();
    const state: State = { kind: "connecting", queue: [first], aborting };
    this.#state = state;
    this.#options
      .connect(this, aborting)
      .then((loudspeaker) => this.#connected(state, loudspeaker))
      .catch((error: unknown) => this.#failed(state, toGatehouseError(error)));
  }

  async #connected(from: State & { readonly kind: "connecting" }, loudspeaker: Loudspeaker): Promise<void> {
    if (this.#state !== from) {
      await loudspeaker[Symbol.asyncDispose]();
      return;
    }
    const state: State = { kind: "talking", loudspeaker };
    this.#state = state;
    loudspeaker.ended.addEventListener("abort", () => this.#failed(state, toGatehouseError(loudspeaker.ended.reason)), {
      once: true,
    });
    for (const { data, timestamp } of from.queue) loudspeaker.write(data, timestamp);
    // What waited is heard from now on, however long the camera took to answer.
    this.#lastAt = this.#options.clock.monotonic();
    this.#listen();
  }

  #failed(from: State, error: GatehouseError): void {
    if (this.#state !== from) return;
    const { clock, log, camera, principal } = this.#options;
    log.warn("talking failed", { camera, principal, code: error.code, message: error.message });
    this.#leave({ kind: "refused", until: retryAt(error, clock.monotonic()) });
  }

  #listen(): void {
    const { clock } = this.#options;
    const leftMs = this.#lastAt + quietMs - clock.monotonic();
    if (leftMs <= 0) this.hush();
    else this.#quiet = clock.schedule(leftMs, () => this.#listen());
  }

  #leave(next: State): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    this.#state = next;
    this.#quiet?.[Symbol.dispose]();
    if (state.kind === "connecting") state.aborting.abort(stopped("closed"));
    if (state.kind === "talking") void state.loudspeaker[Symbol.asyncDispose]();
    if (next.kind === "closed") this.#options.onClosed(this);
  }
}
