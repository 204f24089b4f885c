import { GatehouseError, type Cancellable, type Secret } from "@gatehouse/shared";
import { existsSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

import { Database } from "../store/database.ts";
import { InstanceLock } from "../store/instance-lock.ts";
import { noteDeed } from "../store/noted-deeds.ts";
import { PendingChange } from "../store/pending-change.ts";
import { Backup } from "./backup-file.ts";
import type { BackedUpFile, Contents, Part } from "./contents.ts";
import { isNewer } from "./version-policy.ts";

export interface RestoreOptions {
  readonly data: string;
  readonly file: string;
  readonly passphrase: () => Promise<Secret>;
  /** Whether a gateway that is there makes way. It is kept, in a folder beside. */
  readonly replace: boolean;
  /** Of Gatehouse. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Restored {
  readonly contents: Contents;
  /** The folder in the data folder that holds what was replaced; undefined where there was nothing. */
  readonly kept: string | undefined;
}

/** Everything that makes a folder a gateway's. */
const ownFiles = ["gatehouse.db", "vault.key", "vault.key.next", "config.json", "cli.json"] as const;
const isUsed = (data: string): boolean =>
  ["gatehouse.db", "vault.key", "vault.key.next"].some((name) => existsSync(join(data, name)));

/**
 * What somebody may have used or lost since the backup: it must not open the door again. Each is forgotten, where the
 * table is there.
 */
const momentary = [
  ...["pairing_offers", "device_offers", "one_time_codes", "recovery_codes", "guest_links", "logins", "devices"],
  ...["remote_devices", "notices"],
];
/** Keys that may have been dropped since, because somebody saw them. Others are made in their place. */
const momentarySecrets = ["remote/door-keys"];

/**
 * Puts a backup into an empty data folder, or in the place of the gateway that is there. Nothing is written before all of the
 * file has proven whole; killed at any moment, it leaves the old gateway or the new.
 * @throws GatehouseError `backup-damaged`, `passphrase-wrong`, `data-folder-used`, `data-newer`, `gateway-running`
 */
export const restore = async (options: RestoreOptions, cancel: Cancellable): Promise<Restored> => {
  const { data, file, passphrase, replace, version } = options;
  if (!replace && isUsed(data)) {
    throw new GatehouseError("data-folder-used", `There is a gateway's data in ${data} already.`);
  }
  await using backup = await Backup.open(file, passphrase);
  const contents = await backup.verify();
  if (isNewer(contents.version, version)) {
    throw new GatehouseError(
      "data-newer",
      `The backup was made by Gatehouse ${contents.version}, and this is ${version}.`,
      { remedy: "Install that version, or a newer one, and restore again. Nothing was changed." },
    );
  }
  cancel.signal.throwIfAborted();
  const made = (await mkdir(data, { recursive: true, mode: 0o700 })) !== undefined;
  try {
    return await replaceAll(options, backup, contents);
  } catch (error) {
    if (made) await removeEmpty(data);
    throw error;
  }
};

const replaceAll = async (
  { data, replace, now }: RestoreOptions,
  backup: Backup,
  contents: Contents,
): Promise<Restored> => {
  using _lock = InstanceLock.open(join(data, "gateway.lock"));
  await using change = await PendingChange.begin(data);
  // Asked again under the lock: what begin() carried out may have filled the folder.
  if (!replace && isUsed(data)) {
    throw new GatehouseError("data-folder-used", `There is a gateway's data in ${data} already.`);
  }
  const parts = backup.parts();
  for (const { name } of contents.files) {
    const path = await change.add(name, bytesOf(parts, name));
    if (name === "gatehouse.db") settleDatabase(path, contents, now);
  }
  const there = ownFiles.filter((name) => existsSync(join(data, name)));
  const kept = there.length === 0 ? undefined : `before-restore-${stampOf(now)}`;
  const removes = there.filter((name) => !contents.files.some((file) => file.name === name));
  await change.complete({ removes, ...(kept !== undefined && { keep: kept }) });
  return { contents, kept };
};

/** The bytes of the next file. */
async function* bytesOf(parts: AsyncGenerator<Part, unknown>, name: BackedUpFile): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await parts.next();
    if (next.done === true || next.value.name !== name) throw new GatehouseError("internal", `${name} did not come`);
    yield next.value.bytes;
    if (next.value.end) return;
  }
}

/** Makes what is of the moment end, and has the next start say what happened. */
const settleDatabase = (path: string, { made, version }: Contents, now: number): void => {
  using database = Database.open(path);
  const [check] = database.sql.prepare("PRAGMA quick_check(1)").all();
  if (check?.["quick_check"] !== "ok") {
    throw new GatehouseError("backup-damaged", "The database in the backup is damaged, and was when it was backed up.");
  }
  const isTable = database.sql.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  database.transaction(() => {
    for (const table of momentary) {
      if (isTable.get(table) !== undefined) database.sql.exec(`DELETE FROM ${table}`);
    }
    if (isTable.get("vault_secrets") !== undefined) {
      const forget = database.sql.prepare("DELETE FROM vault_secrets WHERE name = ?");
      for (const name of momentarySecrets) forget.run(name);
    }
    const [last] = isTable.get("audit")
      ? database.sql
          .prepare("SELECT sequence, lower(hex(hash)) AS hash FROM audit ORDER BY sequence DESC LIMIT 1")
          .all()
      : [];
    const from = last === undefined ? "" : `; continues from row ${String(last["sequence"])} ${String(last["hash"])}`;
    const detail = `backup of ${new Date(made).toISOString()} by Gatehouse ${version}${from}`;
    noteDeed(database, { time: now, action: "restored", detail });
  });
};

/** `20261122T102233`, good for a file's name. */
const stampOf = (now: number): string => new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "");

const removeEmpty = async (data: string): Promise<void> => {
  await rm(join(data, "gateway.lock"), { force: true });
  await rmdir(data).catch(() => undefined);
};
