import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const installWithinMs = 300_000;

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Versions to take of what it needs, where the newest do not go together. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/**
 * Installs a package into a folder of its own below the system's temporary one, unless it is there from an earlier run, and returns
 * the package's folder. It never becomes a dependency of the project, and none of its install scripts runs.
 */
export const installPackage = async ({ name, version, overrides = {} }: NpmPackage): Promise<string> => {
  const folder = join(tmpdir(), "gatehouse-bench", `${name}-${version}`);
  const installed = join(folder, "node_modules", name);
  const done = join(folder, "installed");
  if (existsSync(done)) return installed;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, overrides }));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--omit=peer", "--loglevel=error"];
  await run("npm", ["install", ...options, `${name}@${version}`], { cwd: folder, timeout: installWithinMs });
  await writeFile(done, "");
  return installed;
};
