import { dirname, join } from "node:path";

import { read } from "./repository.ts";

/** What a program brings along: files by their path in the checkout, packages by name; Node's own modules left out. */
export interface Reach {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

/** What a file brings along when it runs: imports of types are gone by then. */
const importsOf = (path: string, imports: RegExp): string[] => {
  const text = read(path).replace(/^(?:import|export) type [^;]*;/gm, "");
  return [...text.matchAll(imports)].map(([, from, bare, later]) => from ?? bare ?? later ?? "");
};

const follow = (entry: string, imports: RegExp): Reach => {
  const [files, packages] = [new Set([entry]), new Set<string>()];
  for (const path of files) {
    for (const target of importsOf(path, imports)) {
      if (target.startsWith(".")) files.add(join(dirname(path), target));
      else if (target === "@gatehouse/shared") files.add("shared/src/index.ts");
      else if (!target.startsWith("node:")) packages.add(target);
    }
  }
  return { files, packages };
};

/** All that is reached from a file, at its start or later. */
export const reachOf = (entry: string): Reach =>
  follow(entry, /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm);

/** What is read before the first line of a file runs; not what it fetches by `import()`. */
export const startOf = (entry: string): Reach =>
  follow(entry, /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm);
