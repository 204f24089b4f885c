import { GatehouseError, Time } from "@gatehouse/shared";
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { z } from "zod";

import { ReleaseVersion } from "./release-version.ts";

export const Platform = z.enum(["linux-x64", "linux-arm64"]);
export type Platform = z.infer<typeof Platform>;

/** A file beside the manifest: no folder, nothing hidden. */
const FileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);

const largestRelease = 512 * 1024 * 1024;

export const ReleaseFile = z.strictObject({
  platform: Platform,
  name: FileName,
  size: z.int().positive().max(largestRelease),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ReleaseFile = z.infer<typeof ReleaseFile>;

/** What a release is, as its makers signed it. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  version: ReleaseVersion,
  released: Time,
  /** From then on the manifest counts for nothing, so that nobody can keep a gateway on it by holding newer ones back. */
  expires: Time,
  supportedUntil: Time,
  /** The oldest version that can be updated to this one. */
  minimumVersion: ReleaseVersion,
  files: z.array(ReleaseFile).min(1).max(Platform.options.length),
  notes: z.string().max(4_096),
});
export type Manifest = z.infer<typeof Manifest>;

/** SPKI DER of an Ed25519 key, as base64: 44 bytes. */
const PublicKey = z.string().regex(/^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/, "an Ed25519 public key");

/** Who may sign releases: the key in use, and the one that will follow it. */
export const UpdateKeys = z.strictObject({ current: PublicKey, next: PublicKey.optional() });
export type UpdateKeys = z.infer<typeof UpdateKeys>;

export const manifestName = "manifest.json";
export const signatureName = "manifest.json.sig";
/** More than any manifest, or its signatures, can need. */
export const largestManifest = 64 * 1024;
export const largestSignature = 1_024;

/** By what a signature names its key: the beginning of the SHA-256 of its SPKI form. */
export const keyIdOf = (spki: Uint8Array): string => createHash("sha256").update(spki).digest("hex").slice(0, 16);

// A key id and 64 bytes as base64.
const signatureLine = /^([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)$/;
const mostSignatures = 4;

const untrusted = (message: string): GatehouseError => new GatehouseError("update-untrusted", message);

const keyRing = ({ current, next }: UpdateKeys): ReadonlyMap<string, KeyObject> =>
  new Map(
    [current, next]
      .filter((key) => key !== undefined)
      .map((key) => Buffer.from(key, "base64"))
      .map((der) => [keyIdOf(der), createPublicKey({ key: der, format: "der", type: "spki" })]),
  );

/**
 * What the manifest says, once one of the trusted keys was found to have signed these very bytes. Nothing of them is looked at
 * before.
 * @throws GatehouseError `update-untrusted`; `update-unsuitable` for a manifest of a form that this version does not know
 */
export const openManifest = (bytes: Uint8Array, signatures: string, keys: UpdateKeys): Manifest => {
  if (bytes.length > largestManifest || signatures.length > largestSignature)
    throw untrusted("The release's manifest is longer than one can be.");
  if (!isSignedByUpdateKey(bytes, signatures, keys))
    throw untrusted("The release's manifest is not signed by a key that this gateway trusts.");
  const manifest = Manifest.safeParse(parseJson(bytes));
  if (manifest.success) return manifest.data;
  throw new GatehouseError("update-unsuitable", "The release's manifest has a form that this version does not know.");
};

/** Whether one of the trusted keys has signed these very bytes. Bounded by the caller. */
export const isSignedByUpdateKey = (bytes: Uint8Array, signatures: string, keys: UpdateKeys): boolean => {
  const ring = keyRing(keys);
  const lines = signatures.trimEnd().split("\n");
  if (lines.length > mostSignatures) return false;
  return lines.some((line) => {
    const [, id = "", signature = ""] = signatureLine.exec(line) ?? [];
    const key = ring.get(id);
    return key !== undefined && verify(null, bytes, key, Buffer.from(signature, "base64"));
  });
};

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
};
