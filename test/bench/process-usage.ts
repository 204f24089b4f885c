import { readdirSync, readFileSync } from "node:fs";

/** What a set of processes used so far, their children included. */
export interface Usage {
  readonly cpuMs: number;
  /** Proportional set size: shared pages count in equal parts to all who share them. MiB. */
  readonly pssMiB: number;
}

/** USER_HZ, which Linux shows to programs on every architecture that Node runs on. */
const msPerTick = 10;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process or thread has ended meanwhile.
    return undefined;
  }
};

const list = (path: string): readonly string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** The process and all that descend from it. */
export const processTree = (pid: number): readonly number[] => {
  const children = list(`/proc/${pid}/task`)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`)?.split(" ") ?? [])
    .map(Number)
    .filter((child) => child > 0);
  return [pid, ...children.flatMap(processTree)];
};

/** Fields of /proc/PID/stat from the third on: the second is a name that may hold anything. */
const stat = (pid: number): readonly number[] => {
  const text = read(`/proc/${pid}/stat`) ?? "";
  return text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
};

/** Threads that ended are not in it; what is measured here starts none on the way. */
const threadMs = (pid: number): number | undefined => {
  const threads = list(`/proc/${pid}/task`).map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`));
  if (threads.length === 0 || threads.includes(undefined)) return undefined;
  return sum(threads.map((text = "") => Number(text.split(" ", 1)[0]) / 1e6));
};

/** Its own CPU time, from the scheduler to the nanosecond where the kernel tells, and that of children that ended. */
const cpuMsOf = (pid: number): number => {
  // proc(5): 14 utime, 15 stime, 16 cutime, 17 cstime.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat(pid).slice(11, 15);
  return (threadMs(pid) ?? (user + system) * msPerTick) + (childUser + childSystem) * msPerTick;
};

const pssMiBOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0) / 1024;

/** CPU time of processes and of all that descend from them, in ms. */
export const cpuMs = (...pids: readonly number[]): number => sum(pids.flatMap(processTree).map(cpuMsOf));

/** Memory of processes and of all that descend from them, in MiB. */
export const pssMiB = (...pids: readonly number[]): number => sum(pids.flatMap(processTree).map(pssMiBOf));

/** File descriptors that a process holds now. */
export const openFiles = (pid: number): number => list(`/proc/${pid}/fd`).length;
