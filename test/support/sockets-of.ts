import { readdir, readFile, readlink } from "node:fs/promises";

/** An IP socket that a process holds, as the kernel knows it. */
export interface OpenSocket {
  readonly protocol: "tcp" | "udp";
  /** `bound`: a UDP socket that takes datagrams from anybody. */
  readonly state: "listening" | "connected" | "bound" | "other";
  readonly address: string;
  readonly port: number;
}

const established = "01";
const listen = "0A";

/** `0100007F` is 127.0.0.1: 32-bit words in the byte order of the machine (x86 and ARM alike). */
const addressOf = (hex: string): string => {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  return bytes.length === 4 ? bytes.join(".") : (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
};

const stateOf = (protocol: OpenSocket["protocol"], state: string | undefined): OpenSocket["state"] => {
  if (state === established) return "connected";
  if (protocol === "udp") return "bound";
  return state === listen ? "listening" : "other";
};

/** proc(5), /proc/net/tcp: `sl local_address rem_address st ... inode`. */
const parseTable = (protocol: OpenSocket["protocol"], text: string): (OpenSocket & { readonly inode: string })[] =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const [address = "", port = ""] = local.split(":");
      return {
        protocol,
        state: stateOf(protocol, state),
        address: addressOf(address),
        port: Number.parseInt(port, 16),
        inode,
      };
    });

/** Every IP socket of a process, from Linux's own tables. */
export const socketsOf = async (pid: number): Promise<readonly OpenSocket[]> => {
  const folder = `/proc/${pid}`;
  const links = await Promise.all(
    (await readdir(`${folder}/fd`)).map(async (fd) => await readlink(`${folder}/fd/${fd}`).catch(() => "")),
  );
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const tables = ["tcp", "tcp6", "udp", "udp6"].map(async (name) =>
    parseTable(name.startsWith("tcp") ? "tcp" : "udp", await readFile(`${folder}/net/${name}`, "utf8").catch(() => "")),
  );
  return (await Promise.all(tables))
    .flat()
    .filter(({ inode }) => inodes.has(inode))
    .map(({ inode: _inode, ...socket }) => socket);
};
