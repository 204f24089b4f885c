import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { SimulatorCounts, SimulatorOptions } from "./simulator.ts";

/** What the child prints when it is ready. */
export interface SimulatorFacts {
  readonly id: string;
  readonly username: string;
  readonly onvifUrl: string;
  readonly rtspUrl: string;
  readonly subRtspUrl: string;
}

/** What the child does when told so: the simulator's methods by name. */
export type Command = { readonly id: number } & (
  | { readonly name: "motion" | "stall" | "shrink" | "garble" | "refuse"; readonly argument: boolean }
  | { readonly name: "moveClock" | "flood" | "bloat"; readonly argument: number }
  | { readonly name: "reboot"; readonly argument: number | undefined }
  | { readonly name: "counts" | "quit"; readonly argument?: undefined }
);
type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;

export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A simulator in a process of its own, with the same methods; it can be killed and started again on the same ports. */
export class SimulatorProcess implements AsyncDisposable {
  readonly options: SimulatorOptions;
  readonly facts: SimulatorFacts;
  readonly #child: Child;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #ended = false;

  private constructor(options: SimulatorOptions, facts: SimulatorFacts, child: Child) {
    this.options = options;
    this.facts = facts;
    this.#child = child;
  }

  /** @param wrapper a command that runs the one behind it in its own place, such as `unshare -n` */
  static async start(options: SimulatorOptions = {}, wrapper: readonly string[] = []): Promise<SimulatorProcess> {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const [command, ...args] = [...wrapper, process.execPath, "--conditions=source", main];
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], GATEHOUSE_SIMULATOR: JSON.stringify(options) },
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the simulator ended with ${String(code)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
    ended.catch(() => undefined);
    const facts = JSON.parse(line) as SimulatorFacts;
    const started = new SimulatorProcess(options, facts, child);
    lines.on("line", (reply) => started.#settle(JSON.parse(reply) as Reply));
    child.on("exit", () => started.#abandon());
    child.stdin.on("error", () => started.#abandon());
    return started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async motion(active: boolean): Promise<{ readonly reference: string; readonly at: number }> {
    return (await this.#call({ name: "motion", argument: active })) as { reference: string; at: number };
  }

  async reboot(downMs?: number): Promise<void> {
    await this.#call({ name: "reboot", argument: downMs });
  }

  async stall(on: boolean): Promise<void> {
    await this.#call({ name: "stall", argument: on });
  }

  async shrink(on: boolean): Promise<void> {
    await this.#call({ name: "shrink", argument: on });
  }

  async garble(on: boolean): Promise<void> {
    await this.#call({ name: "garble", argument: on });
  }

  async flood(bytes: number): Promise<void> {
    await this.#call({ name: "flood", argument: bytes });
  }

  async bloat(bytes: number): Promise<void> {
    await this.#call({ name: "bloat", argument: bytes });
  }

  async refuse(on: boolean): Promise<void> {
    await this.#call({ name: "refuse", argument: on });
  }

  async moveClock(byMs: number): Promise<void> {
    await this.#call({ name: "moveClock", argument: byMs });
  }

  async counts(): Promise<SimulatorCounts> {
    return (await this.#call({ name: "counts" })) as SimulatorCounts;
  }

  /** Ends it by SIGKILL: no goodbye on any connection. */
  async kill(): Promise<void> {
    await this.#stop("SIGKILL");
  }

  /** A new process with the same identity on the same ports, with other settings where told; call it after `kill`. */
  async restart(changes: Pick<SimulatorOptions, "audio" | "codec"> = {}): Promise<SimulatorProcess> {
    const { id, onvifUrl, rtspUrl } = this.facts;
    return await SimulatorProcess.start({
      ...this.options,
      ...changes,
      id,
      onvifPort: Number(new URL(onvifUrl).port),
      rtspPort: Number(new URL(rtspUrl).port),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop("SIGTERM");
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    await exit;
  }

  async #call(command: Unnumbered<Command>): Promise<unknown> {
    if (this.#ended) throw gone();
    const id = this.#next++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    return await pending.promise;
  }

  #settle({ id, result, error }: Reply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(error));
  }

  #abandon(): void {
    this.#ended = true;
    for (const pending of this.#pending.values()) pending.reject(gone());
    this.#pending.clear();
  }
}

const gone = (): Error => new Error("the simulator has ended");
