import { fileURLToPath } from "node:url";

import { compileCache } from "../../support/compile-cache.ts";
import { LineProcess } from "../line-process.ts";
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

/** A camera's counts, as they come from another process. */
export type RemoteCounts = Omit<FleetCounts, "operations"> & { readonly operations: Readonly<Record<string, number>> };

/** A simulated camera in a process of its own, so that it outlives a gateway that is killed. */
export class FleetProcess implements AsyncDisposable {
  readonly facts: FleetFacts;
  readonly #process: LineProcess<FleetStart>;

  private constructor(process: LineProcess<FleetStart>) {
    this.facts = process.facts.facts;
    this.#process = process;
  }

  /** @param wrapper a command that runs the one behind it in its own place, such as in a network of its own */
  static async start(
    options: Omit<FleetCameraOptions, "now"> = {},
    wrapper: readonly string[] = [],
  ): Promise<FleetProcess> {
    const main = fileURLToPath(new URL("fleet-main.ts", import.meta.url));
    const [first, ...args] = [...wrapper, process.execPath, "--conditions=source", main];
    const env = { ...compileCache, GATEHOUSE_FLEET_CAMERA: JSON.stringify(options) };
    return new FleetProcess(await LineProcess.start({ what: "the camera", command: [first, ...args], env }));
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
    await this.#process.stop("SIGTERM");
  }

  async #call(command: FleetCommand): Promise<unknown> {
    return await this.#process.call(command);
  }
}
