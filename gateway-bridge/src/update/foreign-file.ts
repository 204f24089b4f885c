import { GatehouseError, systemCode } from "@gatehouse/shared";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/**
 * Opens a file in a folder of somebody who has fewer rights than whoever reads here: what is no plain file is refused, be it a link
 * that leads elsewhere or a pipe that never ends. Undefined where there is none.
 */
export const openForeignFile = async (path: string): Promise<FileHandle | undefined> => {
  const file = await openIfThere(path);
  if (file === undefined || (await file.stat()).isFile()) return file;
  await file.close();
  throw new GatehouseError("data-folder", `${path} is not a plain file.`);
};

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    // A pipe without a writer would keep whoever opens it waiting.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    if (systemCode(cause) === "ELOOP") throw new GatehouseError("data-folder", `${path} is a link.`, { cause });
    throw cause;
  }
};
