import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { buildNodes } from "./node-red.ts";
import { root } from "./repository.ts";

const run = promisify(execFile);

/** Installs the nodes into a Node-RED's user folder as npm would publish them: what is left out of the package is missing. */
export const installPackedNodes = async (userDir: string): Promise<void> => {
  await buildNodes();
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-pack-"));
  const target = join(userDir, "node_modules/@gatehouse/node-red-gatehouse");
  try {
    const pack = ["pack", "--json", "--silent", "--pack-destination", folder];
    const { stdout } = await run("npm", pack, { cwd: join(root, "node-red-nodes") });
    const [packed] = JSON.parse(stdout) as [{ readonly filename: string }];
    await mkdir(target, { recursive: true });
    await run("tar", ["-xzf", join(folder, packed.filename), "-C", target, "--strip-components=1"]);
  } finally {
    await rm(folder, { recursive: true });
  }
};
