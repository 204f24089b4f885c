import { GatehouseError, systemCode } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { open, readdir, rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";

import { InstanceLock } from "../store/instance-lock.ts";

/** What Gatehouse makes in a data folder, whatever else lies there. */
const own =
  /^(gatehouse\.db(-wal|-shm|\.copy-[\w-]+)?|vault\.key(\.next)?(\.[\w-]+\.tmp)?|cli\.json(\.[\w-]+\.tmp)?|config\.json|gateway\.lock|pending|before-restore-\w+)$/;
const isKey = (name: string): boolean => name.startsWith("vault.key") || name.startsWith("cli.json");

export interface Erased {
  /** Files that are not Gatehouse's, which stay. */
  readonly left: readonly string[];
}

/**
 * Destroys a gateway for good: the keys first, so that from then on nobody can read the rest, then the rest.
 * @throws GatehouseError `not-found` where there is none, `gateway-running`
 */
export const erase = async (data: string): Promise<Erased> => {
  const names = await listOwn(data);
  if (!names.some((name) => name !== "config.json" && name !== "gateway.lock")) {
    throw new GatehouseError("not-found", `There is no gateway's data in ${data}.`, {
      remedy: "Name the gateway's data folder with --data. Nothing was erased.",
    });
  }
  {
    using _lock = InstanceLock.open(join(data, "gateway.lock"));
    for (const path of await keysIn(data, names)) await destroy(path);
    for (const name of names) {
      if (name !== "gateway.lock") await rm(join(data, name), { recursive: true, force: true });
    }
  }
  await rm(join(data, "gateway.lock"), { force: true });
  const left = await readdir(data);
  if (left.length === 0) await rmdir(data);
  return { left };
};

const listOwn = async (data: string): Promise<readonly string[]> => {
  try {
    return (await readdir(data)).filter((name) => own.test(name));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
};

/** Keys lie in the folder, and in those of a change or of what a restore replaced. */
const keysIn = async (data: string, names: readonly string[]): Promise<readonly string[]> => {
  const folders = names.filter((name) => name === "pending" || name.startsWith("before-restore-"));
  const inside = await Promise.all(
    folders.map(async (folder) => (await readdir(join(data, folder))).map((name) => join(folder, name))),
  );
  return [...names, ...inside.flat()].filter((path) => isKey(basename(path))).map((path) => join(data, path));
};

/** Overwrites in place before it removes: on a disk that writes in place, the key is gone from it. */
const destroy = async (path: string): Promise<void> => {
  {
    await using file = await open(path, "r+");
    const { size } = await file.stat();
    await file.write(randomBytes(size), 0, size, 0);
    await file.sync();
  }
  await rm(path);
};
