import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { Stamp } from "../simulator/stamp.ts";
import type { Command } from "./network-namespace.ts";
import { StampReader } from "./stamp-reader.ts";

/** ffmpeg, which watches a camera over RTSP and hands on its pictures as they are. */
export class FfmpegViewer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #reader = new StampReader();
  readonly #complaints: string[] = [];

  /** @param within a command that runs ffmpeg as its own */
  constructor(url: string, within: Command) {
    const input = ["-rtsp_transport", "tcp", "-analyzeduration", "500000", "-fflags", "nobuffer", "-i", url];
    const copy = ["-map", "0:v", "-c", "copy", "-flush_packets", "1", "-f", "h264", "pipe:1"];
    const [program, ...args] = [...within, "/usr/bin/ffmpeg", "-nostdin", "-v", "error", ...input, ...copy];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => this.#reader.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#complaints.push(chunk.toString()));
    this.#child = child;
  }

  /** Of the pictures that came, in order. */
  get stamps(): readonly Stamp[] {
    return this.#reader.stamps;
  }

  /** What it complained of. */
  get complaints(): string {
    return this.#complaints.join("");
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
