import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KeyObject } from "node:crypto";
import { gzipSync } from "node:zlib";

import { describeFile, publicKeyText, signManifest } from "../../gateway-bridge/packaging/sign-release.ts";
import { writeTar, type TarInput } from "../../gateway-bridge/packaging/tar-writer.ts";
import { manifestName, Platform, signatureName, type Manifest } from "../../gateway-bridge/src/update/manifest.ts";

/** The files of a release by their paths, in the shape of a real one; those below `bin/` can be run. */
export type ReleaseFiles = Readonly<Record<string, string>>;

export const platform = Platform.parse(`${process.platform}-${process.arch}`);

/** What every release has beside its program: the keys that sign what follows it. */
export const withKeys = (files: ReleaseFiles, current: KeyObject, next?: KeyObject): ReleaseFiles => ({
  ...files,
  "update-keys.json": JSON.stringify({
    current: publicKeyText(current),
    ...(next !== undefined && { next: publicKeyText(next) }),
  }),
});

const foldersOf = (files: ReleaseFiles): string[] => {
  const folders = new Set<string>();
  for (const path of Object.keys(files))
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder);
  return [...folders].sort();
};

const isProgram = (path: string): boolean => path.startsWith("bin/");

export const archiveOf = (files: ReleaseFiles): Buffer => {
  const folders = foldersOf(files).map((path): TarInput => ({ path, content: undefined }));
  const inputs = Object.entries(files).map(([path, text]): TarInput => ({
    path,
    content: Buffer.from(text),
    executable: isProgram(path),
  }));
  return gzipSync(Buffer.concat([...writeTar([...folders, ...inputs])]));
};

const day = 86_400_000;

/** Publishes a release in a folder, as `make-release` does; `changes` to the manifest are signed, too. */
export const publishRelease = async (
  folder: string,
  {
    version,
    files,
    keys,
  }: { readonly version: string; readonly files: ReleaseFiles; readonly keys: readonly KeyObject[] },
  changes: Partial<Manifest> = {},
): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const name = `gatehouse-${version}-${platform}.tar.gz`;
  const archive = archiveOf(files);
  await writeFile(join(folder, name), archive);
  const manifest: Manifest = {
    format: 1,
    version,
    released: Date.now() - day,
    expires: Date.now() + 30 * day,
    supportedUntil: Date.now() + 365 * day,
    minimumVersion: "0.1.0",
    files: [describeFile({ platform, name }, archive)],
    notes: "What is new.",
    ...changes,
  };
  const { bytes, signatures } = signManifest(manifest, keys);
  await writeFile(join(folder, manifestName), bytes);
  await writeFile(join(folder, signatureName), signatures);
  return join(folder, name);
};

/** Installs a version as install.sh does. */
export const installRelease = async (install: string, version: string, files: ReleaseFiles): Promise<void> => {
  const folder = join(install, "versions", version);
  for (const path of [".", ...foldersOf(files)]) await mkdir(join(folder, path), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await writeFile(join(folder, path), text);
    if (isProgram(path)) await chmod(join(folder, path), 0o755);
  }
  for (const link of ["current", "proven"]) await symlink(join("versions", version), join(install, link));
};

/** A shell script; words of TypeScript are put in quoted. */
export const script = (lines: readonly string[]): string => `${["#!/bin/sh", ...lines].join("\n")}\n`;
