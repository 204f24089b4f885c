import {
  GatehouseError,
  onAbort,
  stopped,
  supervise,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { AccessUnit, LentMemory } from "../domain/access-unit.ts";
import type { Track } from "../domain/track.ts";
import type { Source, UnitSink } from "../ports.ts";

/** A camera that sends no key picture for this long after PLAY will not send one. */
const firstKeyPictureMs = 20_000;
/** Smart codecs stretch a GOP over a minute; beyond this, nobody could ever join. */
const nextKeyPictureMs = 120_000;

export interface UpstreamOptions {
  readonly open: (cancel: Cancellable) => Promise<Source>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  /** How long the connection stays after the last hold is gone. */
  readonly lingerMs: number;
  /** Connected and described, before its first unit. A throw counts as a failure of the camera. */
  readonly onConnected: (tracks: readonly Track[]) => void;
  readonly onUnit: (unit: AccessUnit, memory?: LentMemory) => void;
  /** The connection is lost, or none came about; the next try follows by itself. */
  readonly onFailed: (error: GatehouseError) => void;
  /** The connection is given up for another one, which follows at once. */
  readonly onReplaced: () => void;
  /** Nobody holds it any longer: there is no connection and no try. */
  readonly onStopped: () => void;
}

type Healthy = Cancellable & { readonly healthy: () => void };

/** The one connection to a camera stream: there while somebody holds it, and made anew whenever it breaks. */
export class Upstream implements AsyncDisposable {
  readonly #options: UpstreamOptions;
  #holds = 0;
  #running: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #linger: Disposable | undefined;
  #retryNow: (() => void) | undefined;
  #refusal: { readonly error: GatehouseError; readonly until: number } | undefined;
  /** Ends the present connection, or the present try for one. */
  #leave: AbortController | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /**
   * Why the camera is left alone for now although somebody holds this: it refused the password, and counts the tries.
   * Outlives the connection, so that viewers who come and go cannot lock the account.
   */
  get refusal(): GatehouseError | undefined {
    const now = this.#options.clock.monotonic();
    return this.#refusal !== undefined && now < this.#refusal.until ? this.#refusal.error : undefined;
  }

  /** A connection exists, or is being tried for. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Keeps the connection until disposed. */
  hold(): Disposable {
    this.#holds += 1;
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    if (this.#running === undefined) this.#start();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  /** Ends a pause between two tries. */
  retryNow(): void {
    this.#retryNow?.();
  }

  /** The camera has another password or address: what failed by the old one is forgotten, and a new connection takes the place of the old. */
  renew(): void {
    this.#refusal = undefined;
    if (this.#running === undefined) return;
    if (this.#leave !== undefined) {
      this.#leave.abort(stopped("replaced"));
      return;
    }
    // It pauses, and the pause after a refused password cannot be cut short from outside: the loop begins anew.
    this.#running.abort(stopped("replaced"));
    this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#linger?.[Symbol.dispose]();
    this.#stop();
    await this.#ended;
  }

  #release(): void {
    this.#holds -= 1;
    if (this.#holds > 0 || this.#running === undefined) return;
    this.#linger = this.#options.clock.schedule(this.#options.lingerMs, () => this.#stop());
  }

  #start(): void {
    const { clock, log, random, onFailed } = this.#options;
    const running = new AbortController();
    this.#running = running;
    const run = (): Promise<void> =>
      supervise({
        clock,
        log,
        random,
        signal: running.signal,
        run: (cancel) => this.#connectAnew(cancel),
        onFailure: (error, retryInMs) => {
          if (error.code === "camera-credentials") this.#refusal = { error, until: clock.monotonic() + retryInMs };
          onFailed(error);
        },
        wake: (retryNow) => {
          this.#retryNow = retryNow;
          return { [Symbol.dispose]: () => (this.#retryNow = undefined) };
        },
      });
    // After the connection before it is gone: a camera never sees two.
    this.#ended = this.#ended.then(run);
  }

  #stop(): void {
    if (this.#running === undefined) return;
    this.#running.abort(stopped("closed"));
    this.#running = undefined;
    this.#options.onStopped();
  }

  /** One connection after the other, for as long as each ends because another shall take its place. */
  async #connectAnew({ signal, healthy }: Healthy): Promise<never> {
    for (;;) {
      const leave = new AbortController();
      this.#leave = leave;
      try {
        await this.#connect({ signal: AbortSignal.any([signal, leave.signal]), healthy });
      } catch (error) {
        if (signal.aborted || !leave.signal.aborted) throw error;
        this.#options.onReplaced();
      } finally {
        this.#leave = undefined;
      }
    }
  }

  async #connect({ signal, healthy }: Healthy): Promise<never> {
    const { clock, open, onConnected } = this.#options;
    const refusedForMs = (this.#refusal?.until ?? 0) - clock.monotonic();
    if (refusedForMs > 0) await clock.delay(refusedForMs, { signal });
    await using source = await open({ signal });
    signal.throwIfAborted();
    this.#refusal = undefined;
    onConnected(source.tracks);
    return await this.#play(source, { signal, healthy });
  }

  async #play(source: Source, { signal, healthy }: Healthy): Promise<never> {
    const playing = new AbortController();
    using _outer = onAbort(signal, (reason) => playing.abort(reason));
    using guard = this.#guard(playing);
    const sink: UnitSink = {
      write: (unit, memory) => {
        if (playing.signal.aborted) return;
        if (unit.kind === "video" && unit.key) {
          healthy();
          guard.expect(nextKeyPictureMs);
        }
        this.#options.onUnit(unit, memory);
      },
    };
    guard.expect(firstKeyPictureMs);
    return await source.play(sink, { signal: playing.signal });
  }

  /** Aborts when no key picture comes in time. */
  #guard(playing: AbortController): Disposable & { readonly expect: (withinMs: number) => void } {
    let timer: Disposable | undefined;
    return {
      expect: (withinMs) => {
        timer?.[Symbol.dispose]();
        timer = this.#options.clock.schedule(withinMs, () => {
          const message = `The camera sent no key picture for ${withinMs / 1_000} s.`;
          playing.abort(new GatehouseError("camera-stalled", message));
        });
      },
      [Symbol.dispose]: () => timer?.[Symbol.dispose](),
    };
  }
}
