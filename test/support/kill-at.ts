/**
 * Loaded before a program (`--import`), with GATEHOUSE_KILL_AT=n in its environment: the program kills itself, as SIGKILL does,
 * just before the n-th step that changes files or databases. Without that many steps it runs to its end. So no step can be
 * forgotten, and none is hit by chance.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

import { compileCache } from "./compile-cache.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

let left = Number(process.env["GATEHOUSE_KILL_AT"]);

const counted = (work: Method): Method =>
  function (this: unknown, ...args) {
    left -= 1;
    if (left === 0) {
      process.kill(process.pid, "SIGKILL");
      // The signal is on its way: nothing more may be done meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    }
    return work.apply(this, args);
  };

const count = (owner: object, names: readonly string[]): void => {
  const methods = owner as Record<string, Method>;
  for (const name of names) methods[name] = counted(methods[name]!);
};

if (left > 0) {
  // The prototype of file handles is not exported: it is had from one.
  const some: FileHandle = await promises.open(process.execPath, "r");
  count(Object.getPrototypeOf(some) as object, ["sync", "write", "writeFile"]);
  await some.close();
  count(promises, ["open", "rename", "rm", "rmdir", "mkdir"]);
  count(DatabaseSync.prototype, ["exec"]);
  count(StatementSync.prototype, ["run"]);
  syncBuiltinESMExports();
}

/** There are many runs, and most of each would be compiling. */

/** What a program did that was to be killed before its n-th step. */
export type Outcome = "killed" | "completed";

/** Runs a TypeScript program so. @throws Error when it fails by itself */
export const runKilledAt = async (n: number, program: string, args: readonly string[]): Promise<Outcome> => {
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--disable-warning=ExperimentalWarning", `--import=${import.meta.url}`, program, ...args],
    { stdio: ["ignore", "ignore", "pipe"], env: { GATEHOUSE_KILL_AT: String(n), ...compileCache } },
  );
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (signal === "SIGKILL") return "killed";
  if (code === 0) return "completed";
  throw new Error(`killed before step ${n}, it ended with ${String(code ?? signal)}: ${complaint}`);
};
