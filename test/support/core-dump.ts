import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Writes down all that a process has in its memory, which goes on meanwhile; the file's path. */
export const dumpCore = async (pid: number, folder: string): Promise<string> => {
  const file = join(folder, "core");
  // Without symbols, which only cost time: nobody reads what it says.
  await promisify(execFile)("gcore", ["-o", file, String(pid)], { timeout: 60_000, env: { PATH: "/usr/bin:/bin" } });
  return `${file}.${pid}`;
};
