import { describe, expect, it, jest } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { InstalledGateway, type Ended } from "../support/installed-gateway.ts";
import { publishRelease, withKeys } from "../support/release.ts";
import { newTable, sourceRelease } from "../support/source-release.ts";

jest.setTimeout(240_000);

const key = generateKeyPairSync("ed25519").privateKey;
const [old, next] = ["0.1.0", "0.2.0"];
const passphrase = "correct horse battery staple";
const [onStdin, input] = [["--passphrase-stdin"], `${passphrase}\n`];

/** What an update or a rollback has come to: the version that is installed, and whether the data have its form. */
const state = async (box: InstalledGateway): Promise<readonly unknown[]> => [await box.installed(), box.hasNewTable()];
const codeOf = ({ code, output }: Ended): string =>
  code === 0 ? "done" : (/"code":"([a-z-]+)"/.exec(output)?.[1] ?? output);

describe("an update of a gateway whose vault is locked, or changed since", () => {
  it("needs the passphrase before it stops anything, and puts back what the vault's key opens, and nothing else", async () => {
    await using box = await InstalledGateway.make(old, withKeys(sourceRelease(old), key));
    const files = withKeys(sourceRelease(next, [newTable]), key);
    await publishRelease(box.offered, { version: next, files, keys: [key] });
    await box.start();
    await box.end();
    const vault = async (verb: string): Promise<string> =>
      codeOf(await box.gatehouse(["vault", verb, ...onStdin], { input }));
    /** The installed version brings the data to its form, as at its start. */
    const migrate = async (): Promise<string> => codeOf(await box.gatehouse(["check", ...onStdin], { input }));
    const goBack = async (given: { input?: string; env?: object } = {}): Promise<string> =>
      codeOf(await box.update("rollback", ["--restore-data", ...(given.input === undefined ? [] : onStdin)], given));

    expect([codeOf(await box.apply()), await migrate(), await state(box)]).toEqual(["done", "done", [next, true]]);
    // Locked since: the file is another, the key within is the same.
    expect(await vault("protect")).toBe("done");
    expect([await goBack(), await goBack({ input: "something else" })]).toEqual(["vault-locked", "passphrase-wrong"]);
    expect(await state(box)).toEqual([next, true]);
    expect([await goBack({ input }), await state(box)]).toEqual(["done", [old, false]]);

    await writeFile(join(box.credentials, "vault-passphrase"), input);
    const env = { CREDENTIALS_DIRECTORY: box.credentials };
    expect(codeOf(await box.apply({ args: ["--again", ...onStdin], input: "something else" }))).toBe(
      "passphrase-wrong",
    );
    expect(await state(box)).toEqual([old, false]);
    expect([codeOf(await box.apply({ args: ["--again"], env })), await migrate()]).toEqual(["done", "done"]);
    expect(await vault("rotate")).toBe("done");
    const { code, output } = await box.update("rollback", ["--restore-data"], { env });
    expect([code, output]).toEqual([1, expect.stringContaining("update-unsuitable")]);
    expect(output).toMatch(/key was changed since.*Restore a backup/s);
    expect(await state(box)).toEqual([next, true]);

    await box.start();
    expect([await goBack(), await box.running()]).toEqual(["vault-locked", next]);
  });
});
