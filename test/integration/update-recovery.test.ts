import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { keepDatabase } from "../../gateway-bridge/src/update/database-copy.ts";
import { Installation } from "../../gateway-bridge/src/update/installation.ts";
import { readJournal, writeJournal } from "../../gateway-bridge/src/update/journal.ts";
import { installRelease, script, withKeys } from "../support/release.ts";
import { never, openUpdates } from "../support/update-command.ts";

const [old, next] = ["0.1.0", "0.2.0"];
const files = withKeys({ "bin/gatehouse": script([]) }, generateKeyPairSync("ed25519").privateKey);

let folder: string;
let data: string;
let install: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-update-recovery-"));
  [data, install] = [join(folder, "data"), join(folder, "install")];
  await mkdir(data, { mode: 0o700 });
  await installRelease(install, next, files);
  await rm(join(install, "current"));
  await rm(join(install, "proven"));
  await installRelease(install, old, files);
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string): Promise<void> => writeFile(join(data, name), content, { mode: 0o600 });

/** The new version was started again and again, and nobody knows whether it works. */
const cutOff = async (): Promise<void> => {
  await write("gatehouse.db", "old");
  await write("vault.key", "the key of then");
  const installation = await Installation.open(install);
  await keepDatabase(data, installation.work("before"));
  await write("gatehouse.db", "new");
  await installation.point("current", next);
  const journal = await readJournal(installation);
  const state = {
    step: "starting",
    at: Date.now(),
    from: old,
    to: next,
    running: true,
    restoring: true,
    starts: 3,
  } as const;
  await writeJournal(installation, { ...journal, ...state });
};
const recover = async (): Promise<void> => {
  using updates = await openUpdates(folder);
  await updates.recover({ beforeStart: true }, never);
};
const state = async () => ({
  database: readFileSync(join(data, "gatehouse.db"), "utf8"),
  current: readlinkSync(join(install, "current")).replace("versions/", ""),
  proven: readlinkSync(join(install, "proven")).replace("versions/", ""),
  journal: await readJournal(await Installation.open(install)),
});

describe("an update that was cut off while the new version started", () => {
  it("is taken back with the data from before", async () => {
    await cutOff();
    await recover();
    expect(await state()).toMatchObject({ database: "old", current: old, proven: old, journal: { failed: next } });
  });

  it("stands where the vault's key was rotated since, because no key opens the data from before", async () => {
    await cutOff();
    await write("vault.key", "another key");
    await recover();
    const journal = { step: "idle", failed: null, previous: old };
    expect(await state()).toMatchObject({ database: "new", current: next, proven: old, journal });
  });

  it.each(["gatehouse.db", "vault.key"])(
    "follows no link that the gateway's user has put in the place of %s",
    async (name) => {
      await cutOff();
      await rm(join(data, name));
      const secret = join(folder, "secret-of-root");
      await writeFile(secret, "secret");
      await symlink(secret, join(data, name));
      const installation = await Installation.open(install);
      await expect(keepDatabase(data, installation.work("before"))).rejects.toMatchObject({ code: "data-folder" });
    },
  );
});
