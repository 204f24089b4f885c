import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import type { NetworkNamespace } from "./network-namespace.ts";

/** Writes down what goes over the wires of a network, all of it, with tcpdump. */
export class WireTap implements AsyncDisposable {
  /** The capture. */
  readonly path: string;
  readonly #tcpdump: ChildProcess;
  readonly #said: string[];

  private constructor(path: string, tcpdump: ChildProcess, said: string[]) {
    this.path = path;
    this.#tcpdump = tcpdump;
    this.#said = said;
  }

  /**
   * Resolves when nothing is missed any more.
   * @param on an interface of that network, or `any`
   */
  static async open(network: NetworkNamespace, on: string, path: string): Promise<WireTap> {
    const listen = ["tcpdump", "-i", on, "-s", "0", "-B", "32768", "-n", "-U", "-Z", "root", "-w", path];
    const [program, ...args] = [...network.within, ...listen];
    const tcpdump = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    const said: string[] = [];
    const ready = Promise.withResolvers<unknown>();
    createInterface(tcpdump.stderr).on("line", (line) => {
      said.push(line);
      if (line.includes("listening on")) ready.resolve(line);
    });
    tcpdump.once("close", () => ready.reject(new Error(`tcpdump ended: ${said.join("\n")}`)));
    await ready.promise;
    return new WireTap(path, tcpdump, said);
  }

  /** Ends it; what it wrote down. Throws where it missed something. */
  async stop(): Promise<Buffer> {
    await this[Symbol.asyncDispose]();
    if (!this.#said.includes("0 packets dropped by kernel")) throw new Error(`tcpdump said: ${this.#said.join("\n")}`);
    return readFile(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tcpdump.exitCode !== null || this.#tcpdump.signalCode !== null) return;
    const gone = once(this.#tcpdump, "close");
    this.#tcpdump.kill("SIGINT");
    await gone;
  }
}
