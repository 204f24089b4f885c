import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

const isExecutable = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};

/**
 * The absolute path of a program in the folders of `searchPath` (as in PATH; relative ones are left
 * out); undefined where there is none.
 */
export const findExecutable = async (name: string, searchPath: string): Promise<string | undefined> => {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  for (const candidate of isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name)))
    if (await isExecutable(candidate)) return candidate;
  return undefined;
};
