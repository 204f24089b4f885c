import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { copyPrefix } from "./copy-database.ts";

/** A file that was being written, which for a key is the key itself. */
const draft = /^(vault\.key(\.next)?|cli\.json|firmware-rules\.note)\.[0-9a-f-]{36}\.tmp$/;

/** Removes what was being written to the data folder by somebody who was killed. To be called under the folder's InstanceLock. */
export const removeLeftovers = async (data: string): Promise<void> => {
  for (const name of await readdir(data)) {
    if (name.startsWith(copyPrefix) || draft.test(name)) await rm(join(data, name), { force: true });
  }
};
