import { GatehouseError, readPrivateFile, writePrivateFile, type Cancellable, type Secret } from "@gatehouse/shared";
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from "node:crypto";

import { keyLength } from "./envelope.ts";
import {
  makePassphraseHeader,
  openPassphraseHeader,
  parsePassphraseHeader,
  type PassphraseCost,
} from "./passphrase-header.ts";

/** The root key itself follows. */
const plainHeader = Buffer.from("gatehouse-vault-key 1\n");
/** A passphrase header, and the root key under the passphrase's key: ciphertext (32), tag (16). */
const wrappedKind = "gatehouse-vault-key 2";

const algorithm = "aes-256-gcm";
const tagLength = 16;
/** A header's key encrypts this one thing: the nonce may be the same each time. NIST SP 800-38D 8 */
const nonce = Buffer.alloc(12);

/** Gives the passphrase of the vault; undefined where there is nobody to ask. */
export type AskPassphrase = () => Promise<Secret | undefined>;

export interface RootKey {
  /** 32 bytes. The caller zeroes it after use. */
  readonly rootKey: Buffer;
  /** What the file was opened with, where it needed one. */
  readonly passphrase?: Secret;
}

/** What a root key is to be locked with. */
export interface Protection {
  readonly passphrase: Secret;
  readonly cost: PassphraseCost;
}

/**
 * The vault's root key, or undefined if there is no file.
 * @throws GatehouseError `file-permissions` when others can read it, `vault-corrupt` when it is no key file, `vault-locked` when
 * it needs a passphrase and there is none, `passphrase-wrong`
 */
export const readRootKey = async (path: string, ask?: AskPassphrase): Promise<RootKey | undefined> => {
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  if (content.subarray(0, plainHeader.length).equals(plainHeader)) {
    const rootKey = content.subarray(plainHeader.length);
    if (rootKey.length === keyLength) return { rootKey };
  }
  const wrapped = splitWrapped(content);
  if (wrapped === undefined) {
    throw new GatehouseError("vault-corrupt", `${path} is not a vault key that this version can read`);
  }
  const passphrase = await ask?.();
  if (passphrase === undefined) {
    throw new GatehouseError("vault-locked", "The vault is protected by a passphrase, and none was given.");
  }
  const key = await openPassphraseHeader(wrapped.header, passphrase);
  return { rootKey: unwrap(key, wrapped.header.bytes, wrapped.sealed), passphrase };
};

/** Whether the file at this path needs a passphrase; false where there is none. */
export const isProtected = async (path: string): Promise<boolean> => {
  const content = await readPrivateFile(path);
  return content !== undefined && isLockedRootKey(content);
};

/** Whether the content of a key file needs a passphrase. */
export const isLockedRootKey = (content: Buffer): boolean => splitWrapped(content) !== undefined;

/** Puts the root key into the file, which holds what it held before or this when it is killed meanwhile. */
export const writeRootKey = async (path: string, rootKey: Buffer, protection?: Protection): Promise<void> => {
  if (protection === undefined) return writePrivateFile(path, Buffer.concat([plainHeader, rootKey]));
  const { header, key } = await makePassphraseHeader(wrappedKind, protection);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(header.bytes);
  const sealed = [cipher.update(rootKey), cipher.final(), cipher.getAuthTag()];
  return writePrivateFile(path, Buffer.concat([header.bytes, ...sealed]));
};

/** Makes a new root key, on the disk when this returns. The caller zeroes it after use. */
export const makeRootKey = async (path: string, { signal }: Cancellable): Promise<Buffer> => {
  signal.throwIfAborted();
  const rootKey = randomBytes(keyLength);
  await writeRootKey(path, rootKey);
  return rootKey;
};

const splitWrapped = (content: Buffer) => {
  const header = parsePassphraseHeader(wrappedKind, content);
  if (header === undefined || content.length !== header.bytes.length + keyLength + tagLength) return undefined;
  return { header, sealed: content.subarray(header.bytes.length) };
};

const unwrap = (key: KeyObject, aad: Buffer, sealed: Buffer): Buffer => {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(keyLength));
  const rootKey = decipher.update(sealed.subarray(0, keyLength));
  try {
    decipher.final();
    return rootKey;
  } catch (cause) {
    rootKey.fill(0);
    throw new GatehouseError("vault-corrupt", "the vault's key file was damaged", { cause });
  }
};
