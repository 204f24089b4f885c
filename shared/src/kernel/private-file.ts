import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { GatehouseError, systemCode } from "./errors.ts";

/** Writes a file that only its owner can read, so that a crash leaves the old content or the new, never half. */
export const writePrivateFile = async (path: string, content: string | Uint8Array): Promise<void> => {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};

/** The rename itself must reach the disk, or a power cut can undo it. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/**
 * The content of a private file, or undefined if there is none.
 * @throws GatehouseError `file-permissions` when group or others can read it
 */
export const readPrivateFile = async (path: string): Promise<Buffer | undefined> => {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new GatehouseError("file-permissions", `${path} can be read by other users of this computer`);
    }
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
};
