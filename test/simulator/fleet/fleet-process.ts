import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { compileCache } from "../../support/compile-cache.ts";
import type { CameraState, Plane } from "./camera-state.ts";
import type { FleetCameraOptions, FleetCounts, FleetFacts } from "./fleet-camera.ts";
import type { Truth } from "./weaknesses.ts";

/** What the child prints when it is ready. */
export interface FleetStart {
  readonly facts: FleetFacts;
}

/** What the child does when told so: the camera's own methods by name. */
export type FleetCommand =
  | { readonly name: "knows"; readonly argument: readonly [Plane, string, string] }
  | { readonly name: "lies"; readonly argument: boolean | readonly string[] }
  | { readonly name: "counts" | "truth" | "state" | "reboot" | "changeKey"; readonly argument?: undefined };

export interface FleetReply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A camera's counts, as they come from another process. */
export type RemoteCounts = Omit<FleetCounts, "operations"> & { readonly operations: Readonly<Record<string, number>> };

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A simulated camera in a process of its own, so that it outlives a gateway that is killed. */
export class FleetProcess implements AsyncDisposable {
  readonly facts: FleetFacts;
  readonly #child: Child;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #ended = false;

  private constructor(child: Child, facts: FleetFacts) {
    this.#child = child;
    this.facts = facts;
  }

  /** @param wrapper a command that runs the one behind it in its own place, such as in a network of its own */
  static async start(
    options: Omit<FleetCameraOptions, "now"> = {},
    wrapper: readonly string[] = [],
  ): Promise<FleetProcess> {
    const main = fileURLToPath(new URL("fleet-main.ts", import.meta.url));
    const [command, ...args] = [...wrapper, process.execPath, "--conditions=source", main];
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], ...compileCache, GATEHOUSE_FLEET_CAMERA: JSON.stringify(options) },
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the camera ended with ${String(code)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
    ended.catch(() => undefined);
    const started = new FleetProcess(child, (JSON.parse(line) as FleetStart).facts);
    lines.on("line", (reply) => started.#settle(JSON.parse(reply) as FleetReply));
    child.on("exit", () => started.#abandon());
    child.stdin.on("error", () => started.#abandon());
    return started;
  }

  async knows(plane: Plane, username: string, password: string): Promise<boolean> {
    return (await this.#call({ name: "knows", argument: [plane, username, password] })) as boolean;
  }

  async counts(): Promise<RemoteCounts> {
    return (await this.#call({ name: "counts" })) as RemoteCounts;
  }

  async truth(): Promise<Truth> {
    return (await this.#call({ name: "truth" })) as Truth;
  }

  async state(): Promise<CameraState> {
    return (await this.#call({ name: "state" })) as CameraState;
  }

  async lie(lies: boolean | readonly string[]): Promise<void> {
    await this.#call({ name: "lies", argument: lies });
  }

  async reboot(): Promise<void> {
    await this.#call({ name: "reboot" });
  }

  async changeKey(): Promise<void> {
    await this.#call({ name: "changeKey" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exit;
  }

  async #call(command: FleetCommand): Promise<unknown> {
    if (this.#ended) throw gone();
    const id = this.#next++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    return await pending.promise;
  }

  #settle({ id, result, error }: FleetReply): void {
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

const gone = (): Error => new Error("the camera has ended");
