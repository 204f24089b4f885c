import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

export const ffmpegPath = "/usr/bin/ffmpeg";

/** The version that a program states in its first line. */
export const versionOf = async (program: string, flag: string): Promise<string> => {
  const { stdout } = await run(program, [flag]);
  return /(?:version )?(\d[\w.+~-]*)/.exec(stdout.split("\n", 1)[0] ?? "")?.[1] ?? "unknown";
};

/** A program that runs until it is disposed of. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  #complaints = "";

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-2_000);
    });
    this.#child.on("error", (error) => (this.#complaints += error.message));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  assertRunning(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return;
    throw new Error(`${this.#child.spawnfile} ended: ${this.#complaints}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
