import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { root as checkout } from "./repository.ts";

/** Whether this process may make namespaces with mounts, which takes root. */
export const canMakeRoots = (): boolean =>
  process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "--net", "--pid", "--fork", "true"]).status === 0;

// The checkout, which programs in it are run from, must be reached by every user there: its folders may be somebody's home here.
const setup = `
set -e
work=$1 checkout=$2 shared=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/overlay" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$work/root"
cd "$work/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs run
mkdir -p ".$checkout" shared
mount --bind "$checkout" ".$checkout"
mount -o remount,bind,ro ".$checkout"
mount --bind "$shared" shared
folder=$checkout
while [ "$folder" != / ]; do
  folder=$(dirname "$folder")
  chmod o+rx ".$folder"
done
ip link set lo up
echo "$$"
exec chroot . sleep infinity
`;

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly output: string;
}

/**
 * The root of this box once more, with a network and processes of its own: what is written there goes into memory, and is gone,
 * with whatever runs there, at the end. Begins with all that this box has installed.
 */
export class ScratchRoot implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #folder: string;
  readonly #init: number;

  private constructor(holder: ChildProcess, folder: string, init: number) {
    this.#holder = holder;
    this.#folder = folder;
    this.#init = init;
  }

  /** @param shared a folder of this box that is `/shared` there */
  static async make(shared: string): Promise<ScratchRoot> {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-root-"));
    const spaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"];
    // It goes with the test, however that ends.
    const bound = ["--pdeathsig", "KILL", "unshare", ...spaces];
    const holder = spawn("setpriv", [...bound, "sh", "-c", setup, "sh", folder, checkout, shared], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ready = Promise.withResolvers<string>();
    createInterface(holder.stdout)
      .once("line", ready.resolve)
      .once("close", () => ready.reject(new Error("no root")));
    await ready.promise;
    const children = spawnSync("cat", [`/proc/${holder.pid ?? 0}/task/${holder.pid ?? 0}/children`]);
    return new ScratchRoot(holder, folder, Number(String(children.stdout).trim()));
  }

  /** Runs a shell script there as root. */
  run(script: string): Ran {
    const enter = ["--target", String(this.#init), "--mount", "--net", "--pid", "--root", "--wd"];
    const { status, stdout, stderr } = spawnSync("nsenter", [...enter, "sh", "-c", script], {
      env: { PATH: searchPath },
      encoding: "utf8",
      timeout: 90_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { status, stdout, output: stdout + stderr };
  }

  /** Puts a program where all are found. */
  put(name: string, script: string): void {
    const path = `/usr/local/sbin/${name}`;
    const { status, stderr } = spawnSync(
      "nsenter",
      ["--target", String(this.#init), "--mount", "--root", "sh", "-c", `cat >${path} && chmod 755 ${path}`],
      { input: script, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, "exit");
    this.#holder.kill("SIGKILL");
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
