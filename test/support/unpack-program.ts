import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Takes one program out of a package of Debian, and installs nothing: no service of its starts, nothing that it needs comes along.
 * @param program where the package would put it, absolute
 * @param to where it is put
 */
export const unpackProgram = async (name: string, program: string, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true });
  // Beside where it goes, so that it is there whole or not at all.
  const folder = await mkdtemp(`${to}-`);
  try {
    await run("apt-get", ["download", "-qq", name], { cwd: folder });
    const [archive = ""] = await readdir(folder);
    const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x -f - ".$2"';
    await run("sh", ["-c", unpack, "sh", archive, program], { cwd: folder });
    await rename(join(folder, program), to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
