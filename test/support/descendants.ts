import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** Undefined for one that ended meanwhile. */
const read = async (pid: string): Promise<Process | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const [, name = "", state, parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(stat) ?? [];
    return state === "Z" ? undefined : { pid: Number(pid), parent: Number(parent), name };
  } catch {
    return undefined;
  }
};

/** Ids of the living processes of these names that descend from this one. */
export const descendants = async (...names: readonly string[]): Promise<readonly number[]> => {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = (await Promise.all(ids.map(read))).filter((process) => process !== undefined);
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isOurs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 0; at = parents.get(at))
      if (at === process.pid) return true;
    return false;
  };
  return all.filter(({ pid, name }) => names.includes(name) && isOurs(pid)).map(({ pid }) => pid);
};

/** Between two looks at every process of the box, which would take a core from what is waited for. */
const pauseMs = 20;

/** Resolves once as many processes of this name descend from this one. */
export const untilDescendants = async (name: string, count: number, withinMs = 25_000): Promise<readonly number[]> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await descendants(name);
    if (found.length === count) return found;
    if (performance.now() > deadline) throw new Error(`${found.length} instead of ${count} processes ${name}`);
    await pause(pauseMs);
  }
};
