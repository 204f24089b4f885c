import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

export const packages = ["shared", "gateway-bridge", "homebridge-plugin", "node-red-nodes"] as const;

const skipped = new Set(["node_modules", "dist", "coverage", ".git", ".cache"]);

/** Paths below `folder`, relative to the checkout, of the files that `accepts` takes. */
export const filesIn = (folder: string, accepts: (path: string) => boolean): string[] => {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (skipped.has(entry.name)) continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) walk(child);
      else if (accepts(child)) found.push(relative(root, child));
    }
  };
  walk(join(root, folder));
  return found.sort();
};

export const typescriptIn = (folder: string): string[] => filesIn(folder, (path) => path.endsWith(".ts"));

export const read = (path: string): string => readFileSync(join(root, path), "utf8");
