/**
 * Loaded before a program (`--import`), with GATEHOUSE_KILL_AT=n in its environment: the program kills itself, as SIGKILL does,
 * just before the n-th step that changes files or databases. Without that many steps it runs to its end. So no step can be
 * forgotten, and none is hit by chance.
 *
 * With GATEHOUSE_KILL_SENDING=text a transaction is one step, because it happens wholly or not at all, and so is each message to another that holds
 * the text: those are all the states in which it can be found after its end. Such a program says with `countFromHere` where they begin.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { DatabaseSync, StatementSync } from "node:sqlite";

import { compileCache } from "./compile-cache.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

const at = Number(process.env["GATEHOUSE_KILL_AT"]);
const sending = process.env["GATEHOUSE_KILL_SENDING"];
let left = sending === undefined ? at : Number.POSITIVE_INFINITY;
let inTransaction = false;

/** Begins to count. */
export const countFromHere = (): void => {
  left = at;
};

const stepTaken = (): void => {
  left -= 1;
  if (left !== 0) return;
  process.kill(process.pid, "SIGKILL");
  // The signal is on its way: nothing more may be done meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
};

const counted = (work: Method, isStep: (first: unknown) => boolean = () => true): Method =>
  function (this: unknown, ...args) {
    if (isStep(args[0])) stepTaken();
    return work.apply(this, args);
  };

const count = (owner: object, names: readonly string[], isStep?: (first: unknown) => boolean): void => {
  const methods = owner as Record<string, Method>;
  for (const name of names) methods[name] = counted(methods[name]!, isStep);
};

/** Whether a statement begins something that lasts; savepoints are parts of what is around them. */
const beginsAnew = (sql: unknown): boolean => {
  const [word = ""] = String(sql).split(" ");
  if (word === "SAVEPOINT" || word === "RELEASE") return false;
  const was = inTransaction;
  inTransaction = word === "BEGIN" || (inTransaction && word !== "COMMIT" && word !== "ROLLBACK");
  return !was;
};

if (at > 0) {
  // The prototype of file handles is not exported: it is had from one.
  const some: FileHandle = await promises.open(process.execPath, "r");
  count(Object.getPrototypeOf(some) as object, ["sync", "write", "writeFile"]);
  await some.close();
  count(promises, ["open", "rename", "rm", "rmdir", "mkdir"]);
  count(DatabaseSync.prototype, ["exec"], sending === undefined ? undefined : beginsAnew);
  count(StatementSync.prototype, ["run"], sending === undefined ? undefined : () => !inTransaction);
  if (sending !== undefined) count(Socket.prototype, ["write"], (data) => String(data).includes(sending));
  syncBuiltinESMExports();
}

/** There are many runs, and most of each would be compiling. */

/** What a program did that was to be killed before its n-th step. */
export type Outcome = "killed" | "completed";

/** Runs a TypeScript program so. @throws Error when it fails by itself */
export const runKilledAt = async (
  n: number,
  program: string,
  args: readonly string[],
  { sending: text }: { readonly sending?: string } = {},
): Promise<Outcome> => {
  const environment = {
    GATEHOUSE_KILL_AT: String(n),
    ...(text !== undefined && { GATEHOUSE_KILL_SENDING: text }),
    ...compileCache,
  };
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--disable-warning=ExperimentalWarning", `--import=${import.meta.url}`, program, ...args],
    { stdio: ["ignore", "ignore", "pipe"], env: environment },
  );
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (signal === "SIGKILL") return "killed";
  if (code === 0) return "completed";
  throw new Error(`killed before step ${n}, it ended with ${String(code ?? signal)}: ${complaint}`);
};
