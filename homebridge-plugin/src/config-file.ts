import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { isError } from "@gatehouse/shared";

/** What became of a value that should leave config.json. */
export type BlankOutcome =
  { readonly kind: "blanked" } | { readonly kind: "absent" } | { readonly kind: "failed"; readonly why: string };

/** Empties every `pairingString` of config.json that holds `value`, and touches nothing else of the file. */
export const blankPairingString = async (path: string, value: string): Promise<BlankOutcome> => {
  try {
    // Homebridge's configuration is often a link, which the rename would replace.
    const file = await realpath(path);
    const before = await readFile(file, "utf8");
    const after = withoutPairingString(before, value);
    if (after === undefined) return { kind: "absent" };
    await replaceFile(file, after);
    return { kind: "blanked" };
  } catch (error) {
    return { kind: "failed", why: isError(error) ? error.message : String(error) };
  }
};

/** The text with the value blanked in place, so that the owner's layout stays; undefined if it is not in there. */
export const withoutPairingString = (text: string, value: string): string | undefined => {
  const whole: unknown = JSON.parse(text);
  const wanted = blanked(whole, value);
  if (isDeepStrictEqual(whole, wanted)) return undefined;
  const entry = /("pairingString"\s*:\s*)("(?:[^"\\]|\\.)*")/g;
  const edited = text.replace(entry, (all: string, key: string, literal: string) =>
    holds(JSON.parse(literal), value) ? `${key}""` : all,
  );
  // A key written with escapes is not found that way; then the layout is given up rather than the secret kept.
  return isDeepStrictEqual(JSON.parse(edited), wanted) ? edited : `${JSON.stringify(wanted, null, 4)}\n`;
};

const holds = (candidate: unknown, value: string): boolean =>
  typeof candidate === "string" && candidate.trim() === value.trim();

const blanked = (node: unknown, value: string): unknown => {
  if (Array.isArray(node)) return node.map((item) => blanked(item, value));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, item]) => [
      key,
      key === "pairingString" && holds(item, value) ? "" : blanked(item, value),
    ]),
  );
};

/** A crash leaves the old content or the new, never half, under the same owner and permissions. */
const replaceFile = async (file: string, content: string): Promise<void> => {
  const { mode, uid, gid } = await stat(file);
  const draft = join(dirname(file), `.config.${randomUUID()}.tmp`);
  try {
    await writeAndSync(draft, async (handle) => {
      await handle.writeFile(content);
      await handle.chmod(mode & 0o777);
      const own = await handle.stat();
      if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid);
    });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};

const writeAndSync = async (path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> => {
  const handle = await open(path, "wx", 0o600);
  try {
    await write(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
};
