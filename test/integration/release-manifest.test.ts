import { describe, expect, it } from "@jest/globals";
import { generateKeyPairSync, type KeyObject } from "node:crypto";

import { publicKeyText, signManifest } from "../../gateway-bridge/packaging/sign-release.ts";
import { largestManifest, openManifest, type Manifest } from "../../gateway-bridge/src/update/manifest.ts";

const newKey = (): KeyObject => generateKeyPairSync("ed25519").privateKey;
const [current, next, stranger] = [newKey(), newKey(), newKey()];
const keys = { current: publicKeyText(current), next: publicKeyText(next) };

const manifest: Manifest = {
  format: 1,
  version: "0.2.0",
  released: 1_000,
  expires: 2_000,
  supportedUntil: 3_000,
  minimumVersion: "0.1.0",
  files: [{ platform: "linux-x64", name: "gatehouse-0.2.0-linux-x64.tar.gz", size: 10, sha256: "ab".repeat(32) }],
  notes: "",
};
const refused = (code: string): unknown => expect.objectContaining({ code });

describe("openManifest", () => {
  it.each([
    ["the current key", [current]],
    ["the next key", [next]],
    ["a stranger's and a trusted key", [stranger, current]],
  ])("opens what is signed by %s", (_, signers) => {
    const { bytes, signatures } = signManifest(manifest, signers);
    expect(openManifest(bytes, signatures, keys)).toEqual(manifest);
  });

  it("trusts nobody else, and no key that has been left behind", () => {
    const { bytes, signatures } = signManifest(manifest, [stranger]);
    expect(() => openManifest(bytes, signatures, keys)).toThrow(refused("update-untrusted"));
    const old = signManifest(manifest, [current]);
    expect(() => openManifest(old.bytes, old.signatures, { current: keys.next })).toThrow(refused("update-untrusted"));
  });

  it("trusts no signature under another key's id", () => {
    const { bytes, signatures } = signManifest(manifest, [stranger]);
    const [id = ""] = signManifest(manifest, [current]).signatures.split(" ");
    expect(() => openManifest(bytes, signatures.replace(/^\w+/, id), keys)).toThrow(refused("update-untrusted"));
  });

  it("notices a change of any byte, of the manifest and of the signature", () => {
    const { bytes, signatures } = signManifest(manifest, [current]);
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => openManifest(changed, signatures, keys)).toThrow(refused("update-untrusted"));
    }
    for (const at of Buffer.from(signatures).keys()) {
      const changed = `${signatures.slice(0, at)}${signatures[at] === "A" ? "B" : "A"}${signatures.slice(at + 1)}`;
      // The last signs of base64 carry bits that belong to no byte.
      if (Buffer.from(changed.slice(17), "base64").equals(Buffer.from(signatures.slice(17), "base64")) && at >= 17)
        continue;
      expect(() => openManifest(bytes, changed, keys)).toThrow(refused("update-untrusted"));
    }
  });

  it.each<[string, string]>([
    ["no signature", ""],
    ["too many", Array.from({ length: 5 }, () => signManifest(manifest, [current]).signatures).join("")],
    ["something else", "not a signature\n"],
  ])("trusts nothing with %s", (_, signatures) => {
    const { bytes } = signManifest(manifest, [current]);
    expect(() => openManifest(bytes, signatures, keys)).toThrow(refused("update-untrusted"));
  });

  it.each<[string, unknown]>([
    ["a later form", { ...manifest, format: 2 }],
    ["more than is known", { ...manifest, run: "rm -rf /" }],
    ["a path for a name", { ...manifest, files: [{ ...manifest.files[0], name: "../../etc/passwd" }] }],
    ["a version that is none", { ...manifest, version: "1.2.3-beta" }],
    ["no file", { ...manifest, files: [] }],
  ])("does not take one with %s, though it is signed", (_, content) => {
    const { bytes, signatures } = signManifest(content as Manifest, [current]);
    expect(() => openManifest(bytes, signatures, keys)).toThrow(refused("update-unsuitable"));
  });

  it("looks at nothing that is too long", () => {
    const long = signManifest({ ...manifest, notes: "x".repeat(largestManifest) }, [current]);
    expect(() => openManifest(long.bytes, long.signatures, keys)).toThrow(refused("update-untrusted"));
  });
});
