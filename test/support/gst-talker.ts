import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-talker.py", import.meta.url));

export interface GstTalkerOptions {
  /** rtsp: or rtsps: */
  readonly location: string;
  readonly user: string;
  readonly password: string;
  readonly protocols: "tcp" | "udp";
  /** A command that runs it as its own, such as one that puts it into another network. */
  readonly within?: readonly string[];
}

interface Told {
  readonly pictures?: true;
  readonly error?: string;
}

/** GStreamer's ONVIF client, which plays what it is given and says 440 Hz. */
export class GstTalker implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #told: Told[] = [];

  constructor({ within = [], ...options }: GstTalkerOptions) {
    // Debian's own Python: no other has GStreamer's bindings.
    const [program, ...args] = [...within, "/usr/bin/python3", script];
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdin.write(`${JSON.stringify(options)}\n`);
    createInterface(this.#process.stdout).on("line", (line) => this.#told.push(JSON.parse(line) as Told));
  }

  /** It was given a picture. */
  get sees(): boolean {
    return this.#told.some(({ pictures }) => pictures === true);
  }

  get errors(): readonly string[] {
    return this.#told.flatMap(({ error }) => error ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.stdin.end();
    await exited;
  }
}
