import type { CameraId } from "@gatehouse/shared";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { NetworkNamespace } from "./network-namespace.ts";
import type { RouterQuestion } from "./router-questions.ts";

const program = fileURLToPath(new URL("./router-questions.ts", import.meta.url));

/** The gateway's HomeRouter at work in another network. */
export class RouterAsked implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async open(
    network: NetworkNamespace,
    cameras: readonly { readonly id: CameraId; readonly host: string }[],
  ): Promise<RouterAsked> {
    const [nsenter, ...within] = network.within;
    const run = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning", program];
    const child = spawn(nsenter, [...within, ...run, JSON.stringify(cameras)], { stdio: ["pipe", "pipe", "inherit"] });
    const asked = new RouterAsked(child, createInterface(child.stdout));
    await asked.#line();
    return asked;
  }

  async ask<Told>(question: RouterQuestion): Promise<Told> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const { told } = (await this.#line()) as { readonly told: Told };
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    if (this.#child.kill("SIGKILL")) await gone;
  }

  async #line(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error("the program in the other network ended");
    return JSON.parse(line.value) as unknown;
  }
}
