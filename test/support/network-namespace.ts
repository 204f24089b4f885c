import { execFile, spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { joinSockets } from "./join-sockets.ts";

const dieWithParent = new URL("./die-with-parent.ts", import.meta.url).href;
const door = fileURLToPath(new URL("./network-door.ts", import.meta.url));

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];
type Holder = ChildProcessByStdio<Writable, Readable, null>;

/** Whether this process may make networks, which takes root: without it nobody may listen in on them. */
export const canMakeNetworks = (): boolean =>
  process.getuid?.() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;

/**
 * A network of its own. It has no name that could clash or stay behind: it is there as long as the process that holds it, which ends
 * with the test however that ends, and as whatever runs there, which is killed with the test too.
 */
export class NetworkNamespace implements AsyncDisposable {
  readonly #holder: Holder;

  private constructor(holder: Holder) {
    this.#holder = holder;
  }

  static async make(): Promise<NetworkNamespace> {
    const args = ["--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"];
    const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "inherit"] });
    holder.stdin.on("error", () => undefined);
    await firstLine(holder, "the network");
    return new NetworkNamespace(holder);
  }

  /** Its other end of a wire is put into this network by that id. */
  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** A command that runs the one behind it here. It is killed when whoever started it is gone. */
  get within(): Command {
    return ["nsenter", `--net=/proc/${this.pid}/ns/net`, "setpriv", "--pdeathsig", "KILL"];
  }

  /** Runs a shell script as the network's root, and gives what it wrote. Throws with what it complained of. */
  async run(script: string): Promise<string> {
    const [program, ...args] = [...this.within, "sh", "-euc", script];
    const { stdout } = await promisify(execFile)(program, args, { env: { PATH: searchPath }, timeout: 30_000 });
    return stdout;
  }

  /** Leads connections to a port of loopback here, where the test runs, to the same port of loopback there. */
  async forward(port: number): Promise<AsyncDisposable> {
    await using opening = new AsyncDisposableStack();
    const folder = opening.adopt(await mkdtemp(join(tmpdir(), "gatehouse-door-")), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const path = join(folder, "door.sock");
    const [program, ...args] = [...this.within, process.execPath, `--import=${dieWithParent}`, door];
    const child = spawn(program, [...args, path, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    opening.defer(() => end(child));
    await firstLine(child, "the door");
    const server = createServer({ allowHalfOpen: true }, (from) =>
      joinSockets(from, connect({ path, allowHalfOpen: true })),
    );
    await once(server.listen(port, "127.0.0.1"), "listening");
    opening.defer(() => void server.close());
    return opening.move();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#holder);
  }
}

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const firstLine = async (child: Holder, what: string): Promise<void> => {
  const ready = Promise.withResolvers<unknown>();
  createInterface(child.stdout).once("line", ready.resolve);
  child.once("error", ready.reject);
  child.once("exit", (code) => ready.reject(new Error(`${what} ended with ${String(code)} before it was ready`)));
  await ready.promise;
};

const end = async (child: Holder): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
};
