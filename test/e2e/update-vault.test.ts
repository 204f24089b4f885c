import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { InstalledGateway } from "../support/installed-gateway.ts";
import { publishRelease, withKeys } from "../support/release.ts";
import { newTable, sourceRelease } from "../support/source-release.ts";

const key = generateKeyPairSync("ed25519").privateKey;
const [old, next] = ["0.1.0", "0.2.0"];
const passphrase = "correct horse battery staple";
const [onStdin, input] = [["--passphrase-stdin"], `${passphrase}\n`];

let box: InstalledGateway;
beforeEach(async () => {
  box = await InstalledGateway.make(old, withKeys(sourceRelease(old), key));
  const files = withKeys(sourceRelease(next, [newTable]), key);
  await publishRelease(box.offered, { version: next, files, keys: [key] });
  await box.start();
});
afterEach(() => box[Symbol.asyncDispose]());

/** Changes the vault's key file while the gateway stands still. */
const changeVault = async (...words: readonly string[]): Promise<void> => {
  await box.end();
  expect(await box.gatehouse(["vault", ...words, ...onStdin], { input })).toMatchObject({ code: 0 });
  await box.start();
};

describe("an update of a gateway whose vault", () => {
  it("is locked needs the passphrase, and stops nothing before it has it", async () => {
    await writeFile(join(box.credentials, "vault-passphrase"), input);
    await changeVault("protect");

    const unasked = await box.apply();
    expect([unasked.code, unasked.output]).toEqual([1, expect.stringContaining("vault-locked")]);
    const wrong = await box.apply({ args: onStdin, input: "something else" });
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining("passphrase-wrong")]);
    expect([await box.running(), await box.installed(), box.hasNewTable()]).toEqual([old, old, false]);

    expect(await box.apply({ args: onStdin, input })).toMatchObject({ code: 0 });
    expect([await box.running(), box.hasNewTable()]).toEqual([next, true]);
    const env = { CREDENTIALS_DIRECTORY: box.credentials };
    expect(await box.update("rollback", ["--restore-data"], { env })).toMatchObject({ code: 0 });
    expect([await box.running(), box.hasNewTable()]).toEqual([old, false]);
  }, 240_000);

  it("was rotated since gets no data back that only the old key opens", async () => {
    expect(await box.apply()).toMatchObject({ code: 0 });
    await changeVault("rotate");
    const { code, output } = await box.update("rollback", ["--restore-data"]);
    expect([code, output]).toEqual([1, expect.stringContaining("update-unsuitable")]);
    expect(output).toMatch(/key was changed since.*Restore a backup/s);
    expect([await box.running(), await box.installed(), box.hasNewTable()]).toEqual([next, next, true]);
  }, 240_000);

  it("was locked since gets its data back: the key within is the same", async () => {
    expect(await box.apply()).toMatchObject({ code: 0 });
    await writeFile(join(box.credentials, "vault-passphrase"), input);
    await changeVault("protect");
    expect(await box.update("rollback", ["--restore-data", ...onStdin], { input })).toMatchObject({ code: 0 });
    expect([await box.running(), box.hasNewTable()]).toEqual([old, false]);
  }, 240_000);
});
