import { readFile } from "node:fs/promises";

/**
 * How many datagrams found no room in the socket that is open at this UDP port, by the kernel's own count: whoever listens there took them too
 * slowly, and whoever sent them did so. proc(5), /proc/net/udp
 */
export const undelivered = async (port: number): Promise<number> => {
  const tables = await Promise.all(
    ["udp", "udp6"].map((name) => readFile(`/proc/net/${name}`, "latin1").catch(() => "")),
  );
  const rows = tables.flatMap((table) => table.trim().split("\n").slice(1)).map((row) => row.trim().split(/\s+/));
  const ours = rows.filter(([, local = ""]) => Number.parseInt(local.split(":")[1] ?? "", 16) === port);
  return ours.reduce((sum, row) => sum + Number(row.at(-1)), 0);
};
