import {
  GatehouseError,
  stopped,
  supervise,
  untilAborted,
  withDeadline,
  type AuditVerdict,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { NoticeBoard } from "../ports.ts";
import type { AuditLog } from "./audit-log.ts";
import type { HeadSink } from "./head-sink.ts";
import { reportContradiction, type SignedHeads } from "./signed-heads.ts";

/** How long the last head may take while the gateway closes. */
const lastPushMs = 2_000;

export interface HeadPushOptions {
  readonly sink: HeadSink;
  readonly heads: SignedHeads;
  readonly audit: AuditLog;
  /** Where people are told of a log that contradicts what was pushed. */
  readonly notices?: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

/**
 * Pushes each signed head off the box, and holds the log against what was pushed before. Where they contradict nothing is pushed: what
 * lies there is the evidence, and stays until the owner has moved it away.
 */
export class HeadPush implements AsyncDisposable {
  readonly #options: HeadPushOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #contradiction: string | undefined;
  /** The newest head that lies there; undefined until it was looked up. */
  #pushed: number | undefined;
  #failed = false;

  private constructor(options: HeadPushOptions) {
    this.#options = options;
    const { clock, log, random } = options;
    this.#running = supervise({
      run: (cancel) => this.#run(cancel),
      ...{ clock, random, log: log.child({ part: "audit-heads" }), signal: this.#stopping.signal },
      onFailure: ({ code }) => this.#fell(code),
    });
  }

  /** Begins at once, and goes on until it is disposed of. */
  static open(options: HeadPushOptions): HeadPush {
    return new HeadPush(options);
  }

  /** Why the newest pushed head does not lie in this log. */
  get contradiction(): string | undefined {
    return this.#contradiction;
  }

  /** Looks at what lies there now. */
  async verify(cancel: Cancellable): Promise<AuditVerdict["pushed"]> {
    try {
      await this.#look(cancel);
    } catch (error) {
      cancel.signal.throwIfAborted();
      this.#options.log.warn("the pushed audit heads could not be read", { error: String(error) });
      return "unreachable";
    }
    if (this.#contradiction !== undefined) return "contradicts";
    return (this.#options.heads.newest?.sequence ?? 0) > (this.#pushed ?? 0) ? "behind" : "current";
  }

  async #run({ signal, healthy }: Cancellable & { readonly healthy: () => void }): Promise<never> {
    let signed = Promise.withResolvers<undefined>();
    using _subscription = this.#options.heads.onSigned(() => signed.resolve(undefined));
    await this.#look({ signal });
    for (;;) {
      if (this.#contradiction !== undefined) throw new GatehouseError("audit-contradicted", this.#contradiction);
      await this.#push({ signal });
      healthy();
      this.#rose();
      await untilAborted(signal, signed.promise);
      signed = Promise.withResolvers();
    }
  }

  /** Reads the newest head that lies there, and judges it. */
  async #look(cancel: Cancellable): Promise<void> {
    const { sink, heads } = this.#options;
    const note = await sink.newest(cancel);
    const found = note === undefined ? { sequence: 0 } : heads.locate(note);
    const why = "contradiction" in found ? found.contradiction : undefined;
    if (why !== undefined && this.#contradiction === undefined) reportContradiction(this.#options, `pushed: ${why}`);
    this.#contradiction = why;
    this.#pushed = "sequence" in found ? found.sequence : 0;
  }

  async #push(cancel: Cancellable): Promise<void> {
    const { heads, sink } = this.#options;
    const { newest } = heads;
    if (newest === undefined || newest.sequence <= (this.#pushed ?? 0)) return;
    await sink.push(newest.note, cancel);
    this.#pushed = newest.sequence;
    heads.markPushed(newest.sequence);
  }

  /** Failures and recoveries are written down, not every try. */
  #fell(code: string): void {
    if (this.#failed || code === "audit-contradicted") return;
    this.#failed = true;
    this.#writeDown("failed", code);
  }

  #rose(): void {
    if (!this.#failed) return;
    this.#failed = false;
    this.#writeDown("done", "");
  }

  #writeDown(outcome: "done" | "failed", detail: string): void {
    const { audit, log } = this.#options;
    try {
      audit.append({ principal: "-", action: "headPushed", target: "-", outcome, detail });
    } catch (error) {
      log.error("the push of a head could not be audited", { error: String(error) });
    }
  }

  /** Pushes where the log ended, if what lies there was ever looked at and fits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(stopped("shutdown"));
    await this.#running;
    if (this.#pushed === undefined || this.#contradiction !== undefined) return;
    const { clock, heads, log } = this.#options;
    const { signal } = new AbortController();
    try {
      heads.sign();
      const last = { signal, clock, ms: lastPushMs, what: "the place where audit heads are pushed" };
      await withDeadline(last, (within) => this.#push(within));
    } catch (error) {
      log.warn("the last head could not be pushed", { error: String(error) });
    }
  }
}
