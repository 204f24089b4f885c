import { readFile } from "node:fs/promises";

/** The lines of a file that are neither empty nor a remark. */
export const readLines = async (file: string | URL): Promise<string[]> =>
  (await readFile(file, "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("# "));
