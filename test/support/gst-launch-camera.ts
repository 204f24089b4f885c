import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-launch-camera.py", import.meta.url));

/** A camera of GStreamer's RTSP server that encodes as it is told, without a login. */
export class GstLaunchCamera implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.url = `rtsp://127.0.0.1:${port}/live`;
  }

  /** @param pipeline with its payloader named pay0 */
  static async open(pipeline: string): Promise<GstLaunchCamera> {
    const process = spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    process.stdin.write(`( ${pipeline} )\n`);
    const exited = once(process, "exit").then(([status]) => {
      throw new Error(`GStreamer's camera ended with ${String(status)} before it was ready`);
    });
    const [port] = (await Promise.race([once(createInterface(process.stdout), "line"), exited])) as [string];
    exited.catch(() => undefined);
    return new GstLaunchCamera(process, Number(port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.stdin?.end();
    await exited;
  }
}
