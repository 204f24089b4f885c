import { GatehouseError, type Clock } from "@gatehouse/shared";
import { spawn, type ChildProcess } from "node:child_process";
import { kill } from "node:process";

import { pipesAlone } from "./inherited-descriptors.ts";
import { redactTail } from "./redact-tail.ts";

export interface FfmpegProcessOptions {
  /** The program and its arguments, sandbox included. */
  readonly command: readonly string[];
  /** Takes what it writes to its standard output. A throw ends the process with that error. */
  readonly onOutput: (piece: Buffer) => void;
  /** It has read all its input, after `write` had returned false. */
  readonly onRoom?: () => void;
  readonly clock: Pick<Clock, "schedule">;
  /** What may wait for it to read before it counts as full, in bytes; 64 KB or more. */
  readonly maxPending: number;
}

/** How a process ended. */
export interface FfmpegExit {
  /** Undefined where it ended by itself, with success. */
  readonly error: GatehouseError | undefined;
}

const tailBytes = 2_048;
const graceMs = 1_000;

/** A running transcoder: input and output by pipe, no environment, no shell, no descriptor of the gateway's. It never outlives this object. */
export class FfmpegProcess implements AsyncDisposable {
  /** Resolves once the process is gone and its output was handed over; never rejects. */
  readonly exited: Promise<FfmpegExit>;
  readonly #child: ChildProcess;
  readonly #options: FfmpegProcessOptions;
  #tail = Buffer.alloc(0);
  #full = false;
  #failure: GatehouseError | undefined;

  constructor(options: FfmpegProcessOptions) {
    this.#options = options;
    const [program = "", ...args] = options.command;
    const child: ChildProcess = spawn(program, args, { cwd: "/", env: {}, detached: true, stdio: pipesAlone() });
    this.#child = child;
    this.exited = this.#watch();
    // There are no pipes where the box has no descriptor left.
    child.stdout?.on("data", (piece: Buffer) => this.#output(piece));
    child.stderr?.on("data", (piece: Buffer) => {
      this.#tail = Buffer.concat([this.#tail, piece]).subarray(-tailBytes);
    });
    // It closes its input when it ends; why it ended is what matters.
    child.stdin?.on("error", () => undefined);
    child.stdin?.on("drain", () => this.#drained());
  }

  /** Of the outermost program, its sandbox; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** More waits for it to read than may. */
  get full(): boolean {
    return this.#full;
  }

  /** Hands it input, which it takes always. False means full: `onRoom` tells when it has read all of it. */
  write(piece: Buffer): boolean {
    const { stdin } = this.#child;
    if (stdin?.writable !== true) return true;
    stdin.write(piece);
    this.#full = stdin.writableLength >= this.#options.maxPending;
    return !this.#full;
  }

  /** There is no more input: it writes what it still has, and ends. */
  finish(): void {
    this.#child.stdin?.end();
  }

  /** Closes its input, at which it ends by itself; kills it where it does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.destroy();
    using _grace = this.#options.clock.schedule(graceMs, () => this.kill());
    await this.exited;
  }

  /** Ends it at once, the whole group: a sandbox that is killed while it is being built would leave half of it behind. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      kill(-pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }

  #drained(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#options.onRoom?.();
  }

  #output(piece: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      this.#options.onOutput(piece);
    } catch (cause) {
      this.#failure = new GatehouseError("transcode-failed", "ffmpeg's output cannot be read.", { cause });
      this.kill();
    }
  }

  #watch(): Promise<FfmpegExit> {
    const { promise, resolve } = Promise.withResolvers<FfmpegExit>();
    this.#child.once("error", (cause) => resolve({ error: this.#failed(`could not be started: ${cause.message}`) }));
    this.#child.once("close", (code, signal) => {
      if (code === 0) resolve({ error: this.#failure });
      else resolve({ error: this.#failure ?? this.#failed(`ended with ${signal ?? `status ${code ?? "unknown"}`}`) });
    });
    return promise;
  }

  #failed(what: string): GatehouseError {
    const tail = redactTail(this.#tail);
    return new GatehouseError("transcode-failed", `ffmpeg ${what}${tail === "" ? "." : `: ${tail}`}`);
  }
}
