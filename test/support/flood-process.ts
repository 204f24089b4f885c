import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { FloodOrder, FloodReport, FloodTarget } from "./flood.ts";

/** Somebody who opens connections, in a process of its own, so that it takes nobody else's time or descriptors. */
export class FloodProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(target: FloodTarget): Promise<FloodProcess> {
    const child = fork(fileURLToPath(new URL("flood.ts", import.meta.url)), {
      execArgv: ["--conditions=source", "--disable-warning=ExperimentalWarning"],
      env: { PATH: process.env["PATH"], GATEHOUSE_FLOOD: JSON.stringify(target) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const flood = new FloodProcess(child);
    await flood.report();
    return flood;
  }

  async order(order: FloodOrder): Promise<FloodReport> {
    return this.#tell(order);
  }

  async report(): Promise<FloodReport> {
    return this.#tell("report");
  }

  /** Closes every connection. */
  async stop(): Promise<FloodReport> {
    return this.#tell("stop");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.disconnect();
    await gone;
  }

  async #tell(what: FloodOrder | "report" | "stop"): Promise<FloodReport> {
    const answered = once(this.#child, "message");
    this.#child.send(what);
    const [report] = (await answered) as [FloodReport];
    return report;
  }
}
