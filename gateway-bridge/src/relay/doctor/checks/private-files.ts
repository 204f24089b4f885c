import { lstat, readdir } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join } from "node:path";

import type { Patient } from "../check.ts";

export interface FoundFile {
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
}

/** The data folder itself, all that lies in it, and the operator's key where that lies elsewhere. */
export const privateFiles = async ({ data, keyFile }: Pick<Patient, "data" | "keyFile">): Promise<FoundFile[]> => {
  const names = await readdir(data);
  const paths = [...names.map((name) => join(data, name)), ...(keyFile === undefined ? [] : [keyFile])];
  const found = await Promise.all([data, ...new Set(paths)].map(look));
  return found.flat();
};

/** None where it has gone meanwhile, as what a database needs for a moment does. */
const look = async (path: string): Promise<FoundFile[]> => {
  try {
    return [{ path, name: path.split("/").at(-1) ?? "", stats: await lstat(path) }];
  } catch {
    return [];
  }
};
