import { randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { platform } from "node:os";
import { dirname } from "node:path";

import { GatehouseError, systemCode } from "./errors.ts";

/** Windows guards files by access lists: its mode bits say nothing, and its folders cannot be opened for syncing. */
const hasModes = platform() !== "win32";

/** Writes a file that only its owner can read, so that a crash leaves the old content or the new, never half. */
export const writePrivateFile = async (path: string, content: string | Uint8Array): Promise<void> => {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await withFile(await open(draft, "wx", 0o600), async (file) => {
      await file.writeFile(content);
      await file.sync();
    });
    await rename(draft, path);
    // The rename itself must reach the disk, or a power cut can undo it.
    if (hasModes) await withFile(await open(dirname(path), "r"), (folder) => folder.sync());
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};

/**
 * The content of a private file, or undefined if there is none.
 * @throws GatehouseError `file-permissions` when group or others can reach it
 */
export const readPrivateFile = async (path: string): Promise<Buffer | undefined> => {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  return withFile(file, async () => {
    // Asked of the open file, so that no other can take its place between the look and the read.
    const { mode } = await file.stat();
    if (hasModes && (mode & 0o077) !== 0) {
      throw new GatehouseError("file-permissions", `${path} can be read by other users of this computer`);
    }
    return file.readFile();
  });
};

const withFile = async <T>(file: FileHandle, use: (file: FileHandle) => Promise<T>): Promise<T> => {
  try {
    return await use(file);
  } finally {
    await file.close();
  }
};
