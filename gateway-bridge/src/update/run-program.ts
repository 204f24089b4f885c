import {
  GatehouseError,
  onAbort,
  systemCode,
  withDeadline,
  type Cancellable,
  type Clock,
  type Secret,
} from "@gatehouse/shared";
import { spawn } from "node:child_process";

import type { Owner } from "./database-copy.ts";

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly searchPath: string;
  /** What it reads on its standard input. */
  readonly input?: Secret | undefined;
  /** Whose rights it gets, where ours allow that; our own otherwise. */
  readonly as?: Owner | undefined;
  readonly ms: number;
  readonly clock: Clock;
}

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const largestOutput = 1024 * 1024;

/** Runs a program to its end, or to its deadline. @throws GatehouseError `timeout`, `update-failed` where it cannot be run */
export const runProgram = (call: ProgramCall, { signal }: Cancellable): Promise<ProgramResult> =>
  withDeadline({ clock: call.clock, ms: call.ms, what: `the end of ${call.program}`, signal }, (cancel) =>
    collect(call, cancel),
  );

const collect = (
  { program, args, searchPath, input, as }: ProgramCall,
  { signal }: Cancellable,
): Promise<ProgramResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: searchPath },
      stdio: ["pipe", "pipe", "pipe"],
      ...(as !== undefined && { uid: as.uid, gid: as.gid }),
    });
    const leaving = onAbort(signal, () => void child.kill("SIGKILL"));
    // A program that reads nothing ends before this is written.
    child.stdin.on("error", () => undefined).end(input?.reveal());
    const [stdout, stderr] = [bounded(), bounded()];
    child.stdout.on("data", stdout.add);
    child.stderr.on("data", stderr.add);
    child.once("error", (cause) => {
      leaving[Symbol.dispose]();
      reject(
        new GatehouseError("update-failed", `${program} could not be run (${systemCode(cause) ?? "unknown"}).`, {
          cause,
        }),
      );
    });
    child.once("close", (code) => {
      leaving[Symbol.dispose]();
      resolve({ code: code ?? 1, stdout: stdout.text(), stderr: stderr.text() });
    });
  });

const bounded = (): { readonly add: (chunk: Buffer) => void; readonly text: () => string } => {
  const chunks: Buffer[] = [];
  let length = 0;
  return {
    add: (chunk) => {
      length += chunk.length;
      if (length <= largestOutput) chunks.push(chunk);
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
};
