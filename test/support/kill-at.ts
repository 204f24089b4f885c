/**
 * Loaded before a program (`--import`), with GATEHOUSE_KILL_AT=n in its environment: the program kills itself, as SIGKILL does,
 * just before the n-th step that changes files or databases. Without that many steps it runs to its end. So no step can be
 * forgotten, and none is hit by chance.
 *
 * With GATEHOUSE_KILL_SENDING=pattern a transaction is one step, because it happens wholly or not at all, and so is each message to another that
 * matches: those are all the states in which it can be found after its end. Such a program says with `countFromHere` where they begin.
 *
 * With GATEHOUSE_KILL_AT=each it is not killed: before each step it stands still until it is told to go on, by its descriptor 3. What a start would
 * find that came after its end there is to be seen meanwhile, and one run shows all of it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readSync, writeSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DatabaseSync, StatementSync } from "node:sqlite";

import { compileCache } from "./compile-cache.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

const stopsAtEach = process.env["GATEHOUSE_KILL_AT"] === "each";
const at = Number(process.env["GATEHOUSE_KILL_AT"]);
const sending = process.env["GATEHOUSE_KILL_SENDING"];
const sent = sending === undefined ? undefined : new RegExp(sending);
let counting = sent === undefined;
let left = at;
let inTransaction = false;

/** Begins to count. */
export const countFromHere = (): void => {
  counting = true;
};

const line = 3;
/** Nothing of this process moves until the other end answers. */
const standStill = (): void => {
  writeSync(line, ".");
  readSync(line, Buffer.alloc(1));
};

const stepTaken = (): void => {
  if (!counting) return;
  if (stopsAtEach) {
    standStill();
    return;
  }
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

if (at > 0 || stopsAtEach) {
  // The prototype of file handles is not exported: it is had from one.
  const some: FileHandle = await promises.open(process.execPath, "r");
  count(Object.getPrototypeOf(some) as object, ["sync", "write", "writeFile"]);
  await some.close();
  count(promises, ["open", "rename", "rm", "rmdir", "mkdir"]);
  count(DatabaseSync.prototype, ["exec"], sent === undefined ? undefined : beginsAnew);
  count(StatementSync.prototype, ["run"], sent === undefined ? undefined : () => !inTransaction);
  if (sent !== undefined) count(Socket.prototype, ["write"], (data) => sent.test(String(data)));
  syncBuiltinESMExports();
}

/** What a program did that was to be killed before its n-th step. */
export type Outcome = "killed" | "completed";

interface Counting {
  /** Matches the messages that are steps. */
  readonly sending?: RegExp;
}

/** Runs a TypeScript program so. @throws Error when it fails by itself */
export const runKilledAt = async (
  n: number,
  program: string,
  args: readonly string[],
  counting: Counting = {},
): Promise<Outcome> => {
  const signal = await endOf(start(String(n), program, args, counting), `killed before step ${n}`);
  return signal === "SIGKILL" ? "killed" : "completed";
};

/**
 * Runs a TypeScript program that stands still before each of its steps while that is looked at.
 * @returns how many steps it took
 * @throws Error when it fails by itself
 */
export const runStoppingAtEach = async (
  program: string,
  args: readonly string[],
  { lookAt, ...counting }: Counting & { readonly lookAt: (n: number) => Promise<void> },
): Promise<number> => {
  const child = start("each", program, args, counting);
  const ended = endOf(child, "stopped before each step");
  let steps = 0;
  for await (const _said of child.stdio[line] as Duplex) {
    await lookAt((steps += 1));
    (child.stdio[line] as Duplex).write(".");
  }
  await ended;
  return steps;
};

/** There are many runs, and most of each would be compiling. */
const start = (how: string, program: string, args: readonly string[], { sending: pattern }: Counting): ChildProcess => {
  const environment = {
    GATEHOUSE_KILL_AT: how,
    ...(pattern !== undefined && { GATEHOUSE_KILL_SENDING: pattern.source }),
    ...compileCache,
  };
  return spawn(
    process.execPath,
    ["--conditions=source", "--disable-warning=ExperimentalWarning", `--import=${import.meta.url}`, program, ...args],
    { stdio: ["ignore", "ignore", "pipe", "pipe"], env: environment },
  );
};

/** The signal that ended it, if one did. */
const endOf = async (child: ChildProcess, how: string): Promise<NodeJS.Signals | null> => {
  let complaint = "";
  child.stderr?.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (signal === "SIGKILL" || code === 0) return signal;
  throw new Error(`${how}, it ended with ${String(code ?? signal)}: ${complaint}`);
};
