import { readdir, readFile, readlink } from "node:fs/promises";

/**
 * What a process holds open, as Linux names it (`socket:[inode]`, `pipe:[inode]`, a path): sockets and pipes each by a name of their own, so
 * that one that came later is told from one that was there. Connections to these TCP ports are left out.
 */
export const descriptorsOf = async (pid: number, exceptTo: readonly number[] = []): Promise<readonly string[]> => {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => "")));
  const left = new Set((await connectionsTo(pid, exceptTo)).map((inode) => `socket:[${inode}]`));
  return links.filter((link) => link !== "" && !left.has(link)).sort();
};

/** Inodes of TCP connections, of whomever in the process's network, to these ports. proc(5), /proc/net/tcp */
const connectionsTo = async (pid: number, ports: readonly number[]): Promise<readonly string[]> => {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "latin1").catch(() => "")),
  );
  const rows = tables.flatMap((table) => table.trim().split("\n").slice(1)).map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, , remote = "", , , , , , , inode = ""]) =>
    ports.includes(Number.parseInt(remote.split(":")[1] ?? "", 16)) ? [inode] : [],
  );
};

/** What is open now, and was not; what has no name of its own, such as an event queue, counts by how many there are. */
export const newlyOpen = (before: readonly string[], now: readonly string[]): readonly string[] => {
  const known = [...before];
  return now.filter((link) => {
    const at = known.indexOf(link);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
};
