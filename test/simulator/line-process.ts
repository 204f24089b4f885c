import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** What comes back for a line with that id. */
export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export interface LineProgram {
  /** What it is, in errors. */
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  /** Beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A program that prints one line of JSON when it is ready, and answers each line `{id, ...}` that it is sent with a `Reply`. */
export class LineProcess<Facts> implements AsyncDisposable {
  /** What it said of itself when it was ready. */
  readonly facts: Facts;
  readonly #what: string;
  readonly #child: Child;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #ended = false;

  private constructor(what: string, facts: Facts, child: Child) {
    this.#what = what;
    this.facts = facts;
    this.#child = child;
  }

  static async start<Facts>({ what, command: [first, ...args], env }: LineProgram): Promise<LineProcess<Facts>> {
    const child = spawn(first, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], ...env },
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`${what} ended with ${String(code)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
    ended.catch(() => undefined);
    const started = new LineProcess<Facts>(what, JSON.parse(line) as Facts, child);
    lines.on("line", (reply) => started.#settle(JSON.parse(reply) as Reply));
    child.on("exit", () => started.#abandon());
    child.stdin.on("error", () => started.#abandon());
    return started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws what it says that went wrong, or that it has ended */
  async call(question: object): Promise<unknown> {
    if (this.#ended) throw this.#gone();
    const id = this.#next++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    return await pending.promise;
  }

  /** Resolves when it has ended, by whatever. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGTERM");
  }

  #settle({ id, result, error }: Reply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(error));
  }

  #abandon(): void {
    this.#ended = true;
    for (const pending of this.#pending.values()) pending.reject(this.#gone());
    this.#pending.clear();
  }

  #gone(): Error {
    return new Error(`${this.#what} has ended`);
  }
}
