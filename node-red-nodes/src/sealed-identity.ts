import {
  GatehouseError,
  Identity,
  isGatehouseError,
  makeClientKey,
  readPrivateFile,
  toGatehouseError,
  writePrivateFile,
  type Secret,
} from "@gatehouse/shared";
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

const version = 1;
const nonceLength = 12;
const tagLength = 16;

/**
 * Where a paired node keeps its identity. Nodes cannot write Node-RED's credentials durably by themselves, so the identity lies in
 * a 0600 file, sealed under the pairing string, which Node-RED keeps among its encrypted credentials: neither opens without
 * the other, and a new pairing string pairs anew.
 */
export interface SealedIdentity {
  readonly path: string;
  readonly pairingString: Secret;
}

const keyOf = (pairingString: Secret): Buffer =>
  Buffer.from(hkdfSync("sha256", pairingString.reveal().trim(), "", "gatehouse node-red identity", 32));

/** Fails with what a person can do about it. */
const onDisk = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (isGatehouseError(cause)) throw cause;
    throw new GatehouseError("internal", `The key cannot be kept at ${path}: ${toGatehouseError(cause).message}`, {
      cause,
      remedy: "Let Node-RED read and write its user folder, and see that the disk has room.",
    });
  }
};

/** What lies in the file while a pairing is under way. */
const pendingKeyIn = (content: unknown): string | undefined => {
  const key = (content as { readonly pendingKey?: unknown } | undefined)?.pendingKey;
  return typeof key === "string" ? key : undefined;
};

/**
 * The private key to pair with, kept before it is used: a crash in the middle pairs again with the same key, which the gateway
 * then knows. It also shows, before a string is spent, that an identity can be kept.
 * @throws GatehouseError `internal`, with what keeps the file from being written
 */
export const reserveSealedIdentity = async (place: SealedIdentity): Promise<string> => {
  const kept = pendingKeyIn(await unseal(place));
  if (kept !== undefined) return kept;
  const pendingKey = await makeClientKey();
  await onDisk(place.path, () => mkdir(dirname(place.path), { recursive: true, mode: 0o700 }));
  await seal(place, { pendingKey });
  return pendingKey;
};

/** In a folder that `reserveSealedIdentity` made. */
export const saveSealedIdentity = (place: SealedIdentity, identity: Identity): Promise<void> => seal(place, identity);

/**
 * The stored identity; undefined when there is none, or none that this pairing string opens.
 * @throws GatehouseError `file-permissions`, or `internal` when the file cannot be read
 */
export const loadSealedIdentity = async (place: SealedIdentity): Promise<Identity | undefined> =>
  Identity.safeParse(await unseal(place)).data;

const seal = async ({ path, pairingString }: SealedIdentity, content: object): Promise<void> => {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", keyOf(pairingString), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
  const file = Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), sealed]);
  await onDisk(path, () => writePrivateFile(path, file));
};

const unseal = async ({ path, pairingString }: SealedIdentity): Promise<unknown> => {
  const file = await onDisk(path, () => readPrivateFile(path));
  if (file === undefined || file.length <= 1 + nonceLength + tagLength || file[0] !== version) return undefined;
  const nonce = file.subarray(1, 1 + nonceLength);
  const tag = file.subarray(1 + nonceLength, 1 + nonceLength + tagLength);
  const decipher = createDecipheriv("aes-256-gcm", keyOf(pairingString), nonce, { authTagLength: tagLength });
  decipher.setAuthTag(tag);
  try {
    const text = Buffer.concat([decipher.update(file.subarray(1 + nonceLength + tagLength)), decipher.final()]);
    return JSON.parse(text.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};
