import type { CheckId, FindingStatus, RemedyId, RemedyRun } from "@gatehouse/shared";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { FleetFacts } from "../simulator/fleet/fleet-camera.ts";
import { compileCache } from "./compile-cache.ts";
import type { HomeAnswer, HomeCameras, HomeFacts, HomeWish, Lie } from "./fleet-home-main.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

const program = fileURLToPath(new URL("./fleet-home-main.ts", import.meta.url));
type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Simulated cameras, each adopted by a gateway, at work in another network: one process for all of them. */
export class FleetHome implements AsyncDisposable {
  /** A gateway's data folder is below, by its camera's name. */
  readonly data: string;
  readonly #facts: HomeFacts;
  readonly #child: Child;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #ended = false;

  private constructor(data: string, facts: HomeFacts, child: Child) {
    this.data = data;
    this.#facts = facts;
    this.#child = child;
  }

  static async open(network: NetworkNamespace, cameras: HomeCameras): Promise<FleetHome> {
    const data = await mkdtemp(join(tmpdir(), "gatehouse-fleet-home-"));
    const [first, ...within] = network.within;
    const node = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning", program];
    const child = spawn(first, [...within, ...node, data, JSON.stringify(cameras)], {
      env: { PATH: process.env["PATH"], ...compileCache },
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.on("error", () => undefined);
    const lines = createInterface(child.stdout);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the home ended with ${String(code)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
    ended.catch(() => undefined);
    const home = new FleetHome(data, JSON.parse(line) as HomeFacts, child);
    lines.on("line", (answer) => home.#settle(JSON.parse(answer) as HomeAnswer));
    child.once("exit", () => home.#abandon());
    return home;
  }

  facts(camera: string): FleetFacts {
    const facts = this.#facts[camera];
    if (facts === undefined) throw new Error(`there is no ${camera}`);
    return facts;
  }

  /** Has the owner propose and confirm it, with consent to the maker's words; resolves when it is over. */
  async mend(camera: string, remedy: RemedyId, firmware?: string): Promise<RemedyRun> {
    const wish = { do: "mend", remedy, ...(firmware !== undefined && { firmware }) } as const;
    return (await this.#ask(camera, wish)) as RemedyRun;
  }

  async undo(camera: string, { id }: RemedyRun): Promise<RemedyRun> {
    return (await this.#ask(camera, { do: "undo", run: id })) as RemedyRun;
  }

  /** How the camera does what it is told from now on. */
  async lie(camera: string, how: Lie): Promise<void> {
    await this.#ask(camera, { do: "lie", how });
  }

  /** What the gateway's own checks find. */
  async look(camera: string, ...checks: readonly CheckId[]): Promise<Readonly<Record<string, FindingStatus>>> {
    return (await this.#ask(camera, { do: "look", checks })) as Readonly<Record<string, FindingStatus>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#child, "exit");
    if (this.#child.kill("SIGKILL")) await exit;
    await rm(this.data, { recursive: true, force: true });
  }

  async #ask(camera: string, wish: HomeWish): Promise<unknown> {
    if (this.#ended) throw gone();
    const id = this.#next++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.stdin.write(`${JSON.stringify({ id, camera, ...wish })}\n`);
    return await pending.promise;
  }

  #settle({ id, told, failed }: HomeAnswer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (failed === undefined) pending?.resolve(told);
    else pending?.reject(new Error(failed));
  }

  #abandon(): void {
    this.#ended = true;
    for (const pending of this.#pending.values()) pending.reject(gone());
    this.#pending.clear();
  }
}

const gone = (): Error => new Error("the home has ended");
