import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";

import type { Manifest, ReleaseFile } from "../src/update/manifest.ts";

/** SPKI DER of a key's public half. */
const spkiOf = (key: KeyObject): Buffer => createPublicKey(key).export({ format: "der", type: "spki" });

/** As gateways keep the keys that they trust. */
export const publicKeyText = (key: KeyObject): string => {
  if (key.asymmetricKeyType !== "ed25519") throw new TypeError("releases are signed by Ed25519 keys");
  return (key.type === "public" ? key.export({ format: "der", type: "spki" }) : spkiOf(key)).toString("base64");
};

/** What the manifest says of a file. */
export const describeFile = (file: Pick<ReleaseFile, "platform" | "name">, content: Buffer): ReleaseFile => ({
  platform: file.platform,
  name: file.name,
  size: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
});

/** What lies beside a manifest: its signature by each of the keys. */
export const signBytes = (bytes: Buffer, keys: readonly KeyObject[]): string =>
  keys
    .map((key) => {
      const id = createHash("sha256").update(spkiOf(key)).digest("hex").slice(0, 16);
      return `${id} ${sign(null, bytes, key).toString("base64")}\n`;
    })
    .join("");

/** The two files that lie beside the archives: `manifest.json`, and its signature. */
export const signManifest = (
  manifest: Manifest,
  keys: readonly KeyObject[],
): { readonly bytes: Buffer; readonly signatures: string } => {
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  return { bytes, signatures: signBytes(bytes, keys) };
};
