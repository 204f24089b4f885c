import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";

import {
  largestManifest,
  largestSignature,
  manifestName,
  openManifest,
  signatureName,
  type Manifest,
  type ReleaseFile,
  type UpdateKeys,
} from "./manifest.ts";
import type { ReleaseSource } from "./release-source.ts";

/** The manifest that the source offers now. @throws GatehouseError `update-untrusted`, `update-unsuitable`, `update-failed` */
export const fetchManifest = async (
  source: ReleaseSource,
  keys: UpdateKeys,
  cancel: Cancellable,
): Promise<Manifest> => {
  const bytes = await readSmall(source, { name: manifestName, limit: largestManifest }, cancel);
  const signatures = await readSmall(source, { name: signatureName, limit: largestSignature }, cancel);
  return openManifest(bytes, signatures.toString("latin1"), keys);
};

const readSmall = async (
  source: ReleaseSource,
  { name, limit }: { readonly name: string; readonly limit: number },
  cancel: Cancellable,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of await source.open(name, cancel)) {
    length += chunk.length;
    if (length > limit) throw new GatehouseError("update-untrusted", `${name} is longer than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/**
 * Fetches a release's file to `path` (0600), and leaves it there only if it is, byte for byte, the one that was signed.
 * @throws GatehouseError `update-untrusted`, `update-failed`
 */
export const fetchFile = async (
  source: ReleaseSource,
  { file, path }: { readonly file: ReleaseFile; readonly path: string },
  cancel: Cancellable,
): Promise<void> => {
  await rm(path, { force: true });
  try {
    const { size, sha256 } = await writeHashed(await source.open(file.name, cancel), { path, limit: file.size });
    if (size === file.size && sha256 === file.sha256) return;
    throw new GatehouseError("update-untrusted", `${file.name} is not the file that was signed.`);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
};

const writeHashed = async (
  chunks: AsyncIterable<Buffer>,
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<{ readonly size: number; readonly sha256: string }> => {
  const hash = createHash("sha256");
  let size = 0;
  await using file = await open(path, "wx", 0o600);
  for await (const chunk of chunks) {
    size += chunk.length;
    // What is too long is wrong already: no need to fill the disk with it.
    if (size > limit) break;
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  await file.sync();
  return { size, sha256: hash.digest("hex") };
};
