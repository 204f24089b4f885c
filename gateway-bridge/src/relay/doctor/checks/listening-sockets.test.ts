import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { listeningSockets } from "./listening-sockets.ts";

const pid = 77;
let proc: string;
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), "gatehouse-proc-"));
  await mkdir(join(proc, String(pid), "fd"), { recursive: true });
  await mkdir(join(proc, String(pid), "net"));
});
afterEach(() => rm(proc, { recursive: true }));

const put = async (table: string, ...lines: string[]): Promise<void> =>
  writeFile(join(proc, String(pid), "net", table), ["  sl  local_address rem_address   st", ...lines, ""].join("\n"));
const hold = async (...inodes: number[]): Promise<void> => {
  for (const inode of inodes) await symlink(`socket:[${inode}]`, join(proc, String(pid), "fd", String(inode)));
};
/** As the kernel prints it, whose words are little-endian. */
const line = (local: string, remote: string, state: string, inode: number): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`;
const [any4, any6] = ["00000000:0000", "00000000000000000000000000000000:0000"];

describe("listeningSockets", () => {
  it("gives what this process listens at, by its addresses", async () => {
    await hold(1, 2, 3, 4);
    await put("tcp", line("0100007F:20FC", any4, "0A", 1), line("00000000:0016", any4, "0A", 99));
    await put(
      "tcp6",
      line("00000000000000000000000000000000:20FC", any6, "0A", 2),
      line("B80D0120000000000000000001000000:01BB", any6, "0A", 3),
      line("0000000000000000FFFF00000100007F:0050", any6, "0A", 4),
    );
    expect(await listeningSockets(proc, pid)).toEqual([
      { protocol: "tcp", host: "127.0.0.1", port: 8_444 },
      { protocol: "tcp", host: "::", port: 8_444 },
      { protocol: "tcp", host: "2001:db8::1", port: 443 },
      { protocol: "tcp", host: "::ffff:7f00:1", port: 80 },
    ]);
  });

  it("leaves connections out, and has sockets of UDP that anybody may send to", async () => {
    await hold(1, 2, 3);
    await put("tcp", line("0100007F:20FC", "0100007F:C350", "01", 1));
    await put("udp", line("00000000:14E9", any4, "07", 2), line("0100007F:9C40", "0100007F:0035", "01", 3));
    expect(await listeningSockets(proc, pid)).toEqual([{ protocol: "udp", host: "0.0.0.0", port: 5_353 }]);
  });

  it("does not say that there are none where it may not look", async () => {
    await expect(listeningSockets(proc, 78)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
