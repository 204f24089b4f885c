import { describe, expect, it } from "@jest/globals";
import { Secret, type Identity } from "@gatehouse/shared";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadSealedIdentity, reserveSealedIdentity, saveSealedIdentity } from "./sealed-identity.ts";

const identity = {
  version: 1,
  address: "127.0.0.1:8443",
  gatewayPin: "A".repeat(43),
  gatewayId: "gw-aaaaaaaaaaaaaaaa",
  principal: "who-aaaaaaaaaaaaaaaa",
  certificate: "certificate",
  privateKey: "the private key",
} as Identity;

const withFolder = async (test: (path: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-sealed-"));
  const path = join(folder, "below", "node.identity");
  try {
    await reserveSealedIdentity({ path, pairingString });
    await test(path);
  } finally {
    await rm(folder, { recursive: true });
  }
};
const pairingString = Secret.of("gh1.one.two.three");

describe("a sealed identity", () => {
  it("opens with its pairing string, spaces around it or not", () =>
    withFolder(async (path) => {
      await saveSealedIdentity({ path, pairingString }, identity);
      expect(await loadSealedIdentity({ path, pairingString })).toEqual(identity);
      expect(await loadSealedIdentity({ path, pairingString: Secret.of(" gh1.one.two.three\n") })).toEqual(identity);
    }));

  it("is private and unreadable by itself", () =>
    withFolder(async (path) => {
      await saveSealedIdentity({ path, pairingString }, identity);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await readFile(path)).includes("private key")).toBe(false);
    }));

  it("does not open with another pairing string", () =>
    withFolder(async (path) => {
      await saveSealedIdentity({ path, pairingString }, identity);
      expect(await loadSealedIdentity({ path, pairingString: Secret.of("gh1.other") })).toBeUndefined();
    }));

  it("does not open once any byte was changed or cut off", () =>
    withFolder(async (path) => {
      await saveSealedIdentity({ path, pairingString }, identity);
      const whole = await readFile(path);
      for (let at = 0; at < whole.length; at += 7) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(path, changed);
        expect(await loadSealedIdentity({ path, pairingString })).toBeUndefined();
        await writeFile(path, whole.subarray(0, at));
        expect(await loadSealedIdentity({ path, pairingString })).toBeUndefined();
      }
    }));

  it("is undefined where there is none", () =>
    withFolder(async (path) => {
      expect(await loadSealedIdentity({ path, pairingString })).toBeUndefined();
      await rm(path);
      expect(await loadSealedIdentity({ path, pairingString })).toBeUndefined();
    }));

  it("keeps the key of a pairing under way for the same pairing string only", () =>
    withFolder(async (path) => {
      const key = await reserveSealedIdentity({ path, pairingString });
      expect(key).toContain("PRIVATE KEY");
      expect((await readFile(path)).includes("PRIVATE KEY")).toBe(false);
      expect(await reserveSealedIdentity({ path, pairingString })).toBe(key);
      expect(await reserveSealedIdentity({ path, pairingString: Secret.of("gh1.other") })).not.toBe(key);
    }));

  it("says what to do when its folder cannot be used", () =>
    withFolder(async (file) => {
      const path = join(file, "a file is no folder", "node.identity");
      const hint = {
        code: "internal",
        message: expect.stringContaining("ENOTDIR") as unknown,
        remedy: expect.stringContaining("user folder") as unknown,
      };
      await expect(reserveSealedIdentity({ path, pairingString })).rejects.toMatchObject(hint);
      await expect(saveSealedIdentity({ path, pairingString }, identity)).rejects.toMatchObject(hint);
      await expect(loadSealedIdentity({ path, pairingString })).rejects.toMatchObject(hint);
    }));

  it("is refused when other users can read it", () =>
    withFolder(async (path) => {
      await saveSealedIdentity({ path, pairingString }, identity);
      await chmod(path, 0o644);
      await expect(loadSealedIdentity({ path, pairingString })).rejects.toMatchObject({ code: "file-permissions" });
    }));
});
