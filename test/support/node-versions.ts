import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { root } from "./repository.ts";

const run = promisify(execFile);

/** The oldest Node.js that each plugin's host still runs on. */
export const floors = { homebridge: "22.12.0", nodeRed: "22.9.0" } as const;

const folderOf = (version: string): string => join(root, "node_modules/.cache/node", version);
const packageName = `node-${process.platform}-${process.arch}`;

/** Where that Node.js is, once it is installed. */
export const nodeBinary = (version: string): string => join(folderOf(version), "node_modules", packageName, "bin/node");

export const hasNode = (version: string): boolean => existsSync(nodeBinary(version));

/** Fetches that Node.js from npm, beside the project: its package would otherwise take the place of the project's own. */
export const installNode = async (version: string): Promise<void> => {
  const folder = folderOf(version);
  await mkdir(folder, { recursive: true });
  await run(
    "npm",
    ["install", "--prefix", folder, "--no-save", "--no-package-lock", "--ignore-scripts", `${packageName}@${version}`],
    {
      cwd: folder,
    },
  );
};
