import type { CheckId, FindingStatus, RemedyId, RemedyRun } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { FleetFacts } from "../simulator/fleet/fleet-camera.ts";
import { LineProcess } from "../simulator/line-process.ts";
import { compileCache } from "./compile-cache.ts";
import type { HomeCameras, HomeFacts, HomeWish, Lie } from "./fleet-home-main.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

const program = fileURLToPath(new URL("./fleet-home-main.ts", import.meta.url));

/** Simulated cameras, each adopted by a gateway, at work in another network: one process for all of them. */
export class FleetHome implements AsyncDisposable {
  /** A gateway's data folder is below, by its camera's name. */
  readonly data: string;
  readonly #process: LineProcess<HomeFacts>;

  private constructor(data: string, process: LineProcess<HomeFacts>) {
    this.data = data;
    this.#process = process;
  }

  static async open(network: NetworkNamespace, cameras: HomeCameras): Promise<FleetHome> {
    const data = await mkdtemp(join(tmpdir(), "gatehouse-fleet-home-"));
    const [first, ...within] = network.within;
    const node = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning", program];
    const command = [first, ...within, ...node, data, JSON.stringify(cameras)] as const;
    return new FleetHome(data, await LineProcess.start({ what: "the home", command, env: compileCache }));
  }

  facts(camera: string): FleetFacts {
    const facts = this.#process.facts[camera];
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
    await this.#process.stop("SIGKILL");
    await rm(this.data, { recursive: true, force: true });
  }

  async #ask(camera: string, wish: HomeWish): Promise<unknown> {
    return await this.#process.call({ camera, ...wish });
  }
}
