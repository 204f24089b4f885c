import { GatehouseError } from "@gatehouse/shared";
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from "node:crypto";

/** A secret as it lies on the disk. */
export interface Envelope {
  /** The data key under the key-encryption key: nonce (12), ciphertext (32), tag (16). */
  readonly wrappedKey: Buffer;
  /** The content under the data key: nonce (12), ciphertext, tag (16). */
  readonly sealed: Buffer;
}

/** Where an envelope belongs. Both encryptions cover it, so that one row's content cannot be put into another's. */
export interface Place {
  readonly name: string;
  /** Counts the secret's contents: 1, 2, ... */
  readonly version: number;
  /** Of the key ring's entry. */
  readonly keyId: string;
}

const algorithm = "aes-256-gcm";
const nonceLength = 12;
const tagLength = 16;
export const keyLength = 32;

/** Encrypts a secret under a data key of its own, and that under `key`. Every key and nonce is random. */
export const seal = (key: KeyObject, place: Place, content: Uint8Array): Envelope => {
  const dataKey = randomBytes(keyLength);
  try {
    return {
      wrappedKey: encrypt(key, covered("key", place), dataKey),
      sealed: encrypt(createSecretKey(dataKey), covered("content", place), content),
    };
  } finally {
    dataKey.fill(0);
  }
};

/** @throws GatehouseError `vault-corrupt` unless key, place and every byte are those of the sealing */
export const unseal = (key: KeyObject, place: Place, { wrappedKey, sealed }: Envelope): Buffer => {
  try {
    const dataKey = decrypt(key, covered("key", place), wrappedKey);
    try {
      return decrypt(createSecretKey(dataKey), covered("content", place), sealed);
    } finally {
      dataKey.fill(0);
    }
  } catch (cause) {
    throw new GatehouseError("vault-corrupt", `the secret "${place.name}" does not match its key or its place`, {
      cause,
    });
  }
};

/** The additional data of one of the two encryptions. As JSON, so that no two places read alike. */
const covered = (part: "key" | "content", { name, version, keyId }: Place): Buffer =>
  Buffer.from(JSON.stringify(["gatehouse vault 1", part, name, version, keyId]));

// NIST SP 800-38D 8.2.2: 96-bit random nonces, good for 2^32 uses of a key; a data key is used once.
const encrypt = (key: KeyObject, aad: Buffer, content: Uint8Array): Buffer => {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
};

const decrypt = (key: KeyObject, aad: Buffer, sealed: Buffer): Buffer => {
  if (sealed.length < nonceLength + tagLength) throw new RangeError("too short to be sealed");
  const end = sealed.length - tagLength;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceLength), { authTagLength: tagLength });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(end));
  const content = decipher.update(sealed.subarray(nonceLength, end));
  try {
    decipher.final();
  } catch (error) {
    // What was decrypted before the tag was judged is nobody's to see.
    content.fill(0);
    throw error;
  }
  return content;
};
