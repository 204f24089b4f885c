import { readdirSync, readFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "./eventually.ts";

const pageLength = 4096;
/** Of a page's 64 bits: in memory, or swapped out. proc(5), /proc/pid/pagemap; little-endian, as all machines are that this runs on. */
const isThere = (entries: Buffer, page: number): boolean => ((entries[page * 8 + 7] ?? 0) & 0xc0) !== 0;
const mostPages = 4096;

interface Run {
  readonly from: number;
  readonly pages: number;
}

/**
 * Writes every page that a process has into a file, by address; its path. The process stands still meanwhile. That is what a core dump
 * holds, without the gigabytes of addresses that Node sets aside and never uses.
 */
export const dumpCore = async (pid: number, folder: string): Promise<string> => {
  const path = join(folder, `core.${pid}`);
  process.kill(pid, "SIGSTOP");
  try {
    // A thread that has not stopped yet may give back memory that is about to be read.
    await eventually("its standstill", () => standsStill(pid));
    await using memory = await open(`/proc/${pid}/mem`);
    await using pagemap = await open(`/proc/${pid}/pagemap`);
    await using file = await open(path, "wx", 0o600);
    for (const mapping of mappingsOf(pid)) {
      for (const run of await runsOf(mapping, pagemap))
        await file.write(await read(memory, run.from, run.pages * pageLength));
    }
  } finally {
    process.kill(pid, "SIGCONT");
  }
  return path;
};

/** proc(5), /proc/pid/stat: the state follows the name, which may hold anything. */
const standsStill = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every((thread) =>
    /\) T [^)]*$/.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1")),
  );

/** All of its memory, readable or not; the kernel's own page for everybody at the end of all addresses has nothing of a process. */
const mappingsOf = (pid: number): Run[] =>
  [
    ...readFileSync(`/proc/${pid}/maps`, "latin1").matchAll(/^([0-9a-f]+)-([0-9a-f]+) (?!.*\[v(?:syscall|var|dso))/gm),
  ].map(([, from = "", to = ""]) => {
    const start = Number.parseInt(from, 16);
    return { from: start, pages: (Number.parseInt(to, 16) - start) / pageLength };
  });

/** The parts of a mapping that have pages. */
const runsOf = async ({ from, pages }: Run, pagemap: FileHandle): Promise<Run[]> => {
  const entries = await read(pagemap, (from / pageLength) * 8, pages * 8);
  const runs: Run[] = [];
  let begin = -1;
  for (let page = 0; page <= pages; page += 1) {
    const there = page < pages && isThere(entries, page);
    if (there && begin < 0) begin = page;
    if (begin < 0 || (there && page - begin < mostPages)) continue;
    runs.push({ from: from + begin * pageLength, pages: page - begin });
    begin = there ? page : -1;
  }
  return runs;
};

const read = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new Error(`the memory at ${position + filled} cannot be read`);
    filled += bytesRead;
  }
  return buffer;
};
