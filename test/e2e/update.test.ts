import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, truncateSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { InstalledGateway } from "../support/installed-gateway.ts";
import { publishRelease, withKeys } from "../support/release.ts";
import { migrating, newTable, sourceRelease, type Change } from "../support/source-release.ts";

const crashing: Change = ["src/cli/commands/up.ts", "await untilStopped(signal);", `throw new Error("it crashes");`];

const [first, second, third, stranger] = [1, 2, 3, 4].map(() => generateKeyPairSync("ed25519").privateKey);
const old = "0.1.0";

let box: InstalledGateway;

/** A release that leaves the first key behind; so it is signed by the second, too, which counts wherever it is installed. */
const offer = (version: string, changes: readonly Change[] = []): Promise<string> => {
  const files = withKeys(sourceRelease(version, changes), second!, third);
  return publishRelease(box.offered, { version, files, keys: [first!, second!] });
};

beforeEach(async () => {
  box = await InstalledGateway.make(old, withKeys(sourceRelease(old), first!, second));
});
afterEach(() => box[Symbol.asyncDispose]());

describe("gatehouse update", () => {
  it("installs a newer version on migrated data, goes on with the next key, and back", async () => {
    await box.start();
    expect(await box.running()).toBe(old);
    await offer("0.2.0", [newTable]);
    expect((await box.update("check", ["--from", box.offered])).json()).toMatchObject({ verdict: { kind: "install" } });

    expect(await box.apply()).toMatchObject({ code: 0 });
    expect([await box.running(), await box.installed(), box.hasNewTable()]).toEqual(["0.2.0", "0.2.0", true]);
    expect((await box.apply()).json()).toEqual({ version: "0.2.0" });

    // The first key was left behind by that release: only the second and the third count from now on.
    const files = withKeys(sourceRelease("0.3.0", [newTable]), second!, third);
    await publishRelease(box.offered, { version: "0.3.0", files, keys: [first!] });
    expect((await box.apply()).output).toContain("update-untrusted");
    await publishRelease(box.offered, { version: "0.3.0", files, keys: [second!] });
    expect(await box.apply()).toMatchObject({ code: 0 });
    expect([await box.running(), (await readdir(join(box.install, "versions"))).sort()]).toEqual([
      "0.3.0",
      ["0.2.0", "0.3.0"],
    ]);

    expect(await box.update("rollback")).toMatchObject({ code: 0 });
    expect([await box.running(), await box.installed(), box.hasNewTable()]).toEqual(["0.2.0", "0.2.0", true]);
    expect((await box.update("state")).json()).toMatchObject({ journal: { step: "idle", failed: "0.3.0" } });
  }, 240_000);

  it("keeps the version before where the newer one cannot migrate the data", async () => {
    await box.start();
    await offer("0.2.0", [migrating("INSERT INTO nowhere VALUES (1)")]);
    const { code, output } = await box.apply();
    expect([code, output]).toEqual([1, expect.stringContaining("nowhere")]);
    expect([await box.running(), await box.installed(), await readdir(join(box.install, "versions"))]).toEqual([
      old,
      old,
      [old],
    ]);
    expect((await box.apply()).output).toContain("update-unsuitable");
  }, 240_000);

  it("puts version and data back where the newer one migrates, and then crashes", async () => {
    await box.start();
    await offer("0.2.0", [newTable, crashing]);
    const { code, output } = await box.apply();
    expect([code, output]).toEqual([1, expect.stringContaining("does not work here")]);
    expect([await box.running(), await box.installed(), box.hasNewTable()]).toEqual([old, old, false]);
    expect((await box.update("state")).json()).toMatchObject({ journal: { step: "idle", failed: "0.2.0" } });
  }, 240_000);

  it("goes back over a migration only with the data from before", async () => {
    await box.start();
    await offer("0.2.0", [newTable]);
    expect(await box.apply()).toMatchObject({ code: 0 });
    const refused = await box.update("rollback");
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("data-newer")]);
    expect([await box.running(), box.hasNewTable()]).toEqual(["0.2.0", true]);
    expect(await box.update("rollback", ["--restore-data"])).toMatchObject({ code: 0 });
    expect([await box.running(), box.hasNewTable()]).toEqual([old, false]);
  }, 240_000);

  it("leaves a stopped gateway stopped", async () => {
    await box.start();
    await box.end();
    await offer("0.2.0", [newTable]);
    expect(await box.apply()).toMatchObject({ code: 0 });
    expect([await box.installed(), box.hasNewTable(), (await box.gatehouse(["status"])).code]).toEqual([
      "0.2.0",
      false,
      1,
    ]);
  }, 240_000);

  it("installs nothing that is not what was signed, or is not new", async () => {
    await box.start();
    const files = withKeys(sourceRelease("0.2.0"), first!, second);
    const release = { version: "0.2.0", files, keys: [first!] };
    const refusal = async (): Promise<string> => (await box.apply()).output;

    await publishRelease(box.offered, { ...release, keys: [stranger!] });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(box.offered, release, { expires: Date.now() - 1 });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(box.offered, { ...release, version: "0.0.9" });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(box.offered, release, { minimumVersion: "0.1.1" });
    expect(await refusal()).toContain("update-unsuitable");
    const archive = await publishRelease(box.offered, release);
    truncateSync(archive, readFileSync(archive).length - 1);
    expect(await refusal()).toContain("update-untrusted");
    await writeFile(archive, Buffer.alloc(100_000_000));
    expect(await refusal()).toContain("update-untrusted");
    await rm(archive);
    expect(await refusal()).toContain("update-failed");
    // A newer one was seen by now: that nothing of it was installed does not make an older one good.
    await publishRelease(box.offered, { ...release, version: "0.1.5" });
    expect(await refusal()).toContain("update-untrusted");

    expect([await box.running(), await box.installed(), await readdir(join(box.install, "versions"))]).toEqual([
      old,
      old,
      [old],
    ]);
    expect(existsSync(join(box.install, "update/archive.tar.gz"))).toBe(false);
  }, 240_000);
});
