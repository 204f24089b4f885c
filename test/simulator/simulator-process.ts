import { fileURLToPath } from "node:url";

import { freePort } from "../support/free-port.ts";
import { LineProcess } from "./line-process.ts";
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

/** A simulator in a process of its own, with the same methods; it can be killed and started again on the same ports. */
export class SimulatorProcess implements AsyncDisposable {
  readonly options: SimulatorOptions;
  readonly #process: LineProcess<SimulatorFacts>;

  private constructor(options: SimulatorOptions, process: LineProcess<SimulatorFacts>) {
    this.options = options;
    this.#process = process;
  }

  /** @param wrapper a command that runs the one behind it in its own place, such as `unshare -n` */
  static async start(options: SimulatorOptions = {}, wrapper: readonly string[] = []): Promise<SimulatorProcess> {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const [first, ...args] = [...wrapper, process.execPath, "--conditions=source", main];
    // It may be started again on its ports: nobody else may be given them while it is gone.
    const ports = { onvifPort: await freePort(), rtspPort: await freePort() };
    const env = { GATEHOUSE_SIMULATOR: JSON.stringify({ ...ports, ...options }) };
    return new SimulatorProcess(
      options,
      await LineProcess.start({ what: "the simulator", command: [first, ...args], env }),
    );
  }

  get facts(): SimulatorFacts {
    return this.#process.facts;
  }

  get pid(): number {
    return this.#process.pid;
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
    await this.#process.stop("SIGKILL");
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
    await this.#process.stop("SIGTERM");
  }

  async #call(command: Unnumbered<Command>): Promise<unknown> {
    return await this.#process.call(command);
  }
}
