import { GatehouseError, readPrivateFile, writePrivateFile, type Cancellable } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import { keyLength } from "./envelope.ts";

/** What a key file starts with: its kind, and a version for the day its content changes. */
const header = Buffer.from("gatehouse-vault-key 1\n");

/**
 * The vault's root key, or undefined if there is no file. The caller zeroes it after use.
 * @throws GatehouseError `file-permissions` when others can read it, `vault-corrupt` when it is no key file
 */
export const readKeyFile = async (path: string): Promise<Buffer | undefined> => {
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  const known = content.length === header.length + keyLength && content.subarray(0, header.length).equals(header);
  if (!known) throw new GatehouseError("vault-corrupt", `${path} is not a vault key that this version can read`);
  return content.subarray(header.length);
};

/** Makes a new root key, on the disk when this returns. The caller zeroes it after use. */
export const makeKeyFile = async (path: string, { signal }: Cancellable): Promise<Buffer> => {
  signal.throwIfAborted();
  const content = Buffer.concat([header, randomBytes(keyLength)]);
  await writePrivateFile(path, content);
  return content.subarray(header.length);
};
