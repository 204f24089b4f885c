import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

export interface ListeningSocket {
  readonly protocol: "tcp" | "udp";
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Of a TCP socket that listens (include/net/tcp_states.h). UDP sockets have no such state: each is open to whoever sends. */
const listen = "0A";

const tables = [
  ["tcp", "tcp"],
  ["tcp6", "tcp"],
  ["udp", "udp"],
  ["udp6", "udp"],
] as const;

/**
 * The sockets of a process to which anybody can connect or send. proc(5)
 * @throws the system's error where this user may not look
 */
export const listeningSockets = async (proc: string, pid: number): Promise<readonly ListeningSocket[]> => {
  const folder = join(proc, String(pid));
  const inodes = await socketInodes(join(folder, "fd"));
  const found = await Promise.all(
    tables.map(async ([file, protocol]) => {
      const text = await readFile(join(folder, "net", file), "utf8").catch(() => "");
      return text
        .split("\n")
        .slice(1)
        .flatMap((line) => readLine(line, protocol, inodes));
    }),
  );
  return found.flat();
};

const socketInodes = async (folder: string): Promise<ReadonlySet<string>> => {
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
};

/** `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...` */
const readLine = (line: string, protocol: "tcp" | "udp", inodes: ReadonlySet<string>): ListeningSocket[] => {
  const [, local = "", remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
  const [host = "", port = ""] = local.split(":");
  const open = protocol === "tcp" ? state === listen : /:0000$/.test(remote);
  return open && inodes.has(inode) ? [{ protocol, host: readHost(host), port: Number.parseInt(port, 16) }] : [];
};

/** Words of four bytes, each as this machine keeps it: little-endian wherever Gatehouse runs. */
const readHost = (hex: string): string => {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex").reverse()]);
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
};
