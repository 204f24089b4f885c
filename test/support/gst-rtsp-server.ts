import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-rtsp-server.py", import.meta.url));

export type GstMount = "baseline" | "main" | "high" | "opus";

/** SHA-256 of each slice, for each picture of a clip, in order. */
export type ClipHashes = readonly (readonly string[])[];

interface Ready {
  readonly port: number;
  readonly clips: Readonly<Record<Exclude<GstMount, "opus">, ClipHashes>>;
}

/** GStreamer's RTSP server with its Digest login (MD5 without qop), playing clips of 25 pictures a second with a key picture each second. */
export class GstRtspServer implements AsyncDisposable {
  readonly username = "viewer";
  readonly password = "pass word";
  readonly clips: Ready["clips"];
  readonly #port: number;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(process: ChildProcessByStdio<Writable, Readable, null>, ready: Ready) {
    this.#process = process;
    this.#port = ready.port;
    this.clips = ready.clips;
  }

  static async open(): Promise<GstRtspServer> {
    // Debian's own Python: no other has GStreamer's bindings.
    const process = spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface(process.stdout);
    const exited = once(process, "exit").then(([status]) => {
      throw new Error(`GStreamer's RTSP server ended with ${String(status)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), exited])) as [string];
    exited.catch(() => undefined);
    return new GstRtspServer(process, JSON.parse(line) as Ready);
  }

  url(mount: GstMount): string {
    return `rtsp://127.0.0.1:${this.#port}/${mount}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.stdin.end();
    await exited;
  }
}
