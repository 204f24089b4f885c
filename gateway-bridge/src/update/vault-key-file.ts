import { createHash } from "node:crypto";
import { join } from "node:path";

import { openForeignFile } from "./foreign-file.ts";

/** More than any key file has. */
const longest = 4_096;

/** What `look` sees in the vault's key file, which is forgotten then; undefined where there is none. */
export const lookAtVaultKey = async <T>(data: string, look: (content: Buffer) => T): Promise<T | undefined> => {
  await using file = await openForeignFile(join(data, "vault.key"));
  if (file === undefined) return undefined;
  const { bytesRead, buffer } = await file.read(Buffer.alloc(longest), 0, longest, 0);
  const content = buffer.subarray(0, bytesRead);
  try {
    return look(content);
  } finally {
    content.fill(0);
  }
};

/** SHA-256 of the vault's key file, hex: another key makes another, and so does another passphrase. */
export const fingerprintOfVaultKey = (data: string): Promise<string | undefined> =>
  lookAtVaultKey(data, (content) => createHash("sha256").update(content).digest("hex"));
