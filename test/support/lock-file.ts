import { read } from "./repository.ts";

export interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What package-lock.json has locked, by path. */
export const locked = (JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> }).packages;

/** The package's name, of its path in the lock. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** Where Node would find `name` from the package at `from`: the innermost node_modules that has it. */
export const resolve = (from: string, name: string): string | undefined => {
  const parts = from.split("/node_modules/");
  const folders = parts.map((_, index) => parts.slice(0, parts.length - index).join("/node_modules/"));
  return [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`].find(
    (path) => path in locked,
  );
};

/** Paths of all that people install with packages of ours, ours included where another of them needs it. */
export const installedWith = (...packages: readonly string[]): readonly string[] => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = locked[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = resolve(path, name);
      if (found === undefined || seen.has(found)) continue;
      seen.add(found);
      const { link, resolved } = locked[found] ?? {};
      visit(link === true && resolved !== undefined ? resolved : found);
    }
  };
  packages.forEach(visit);
  return [...seen];
};
