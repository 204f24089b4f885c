import { GatehouseError, type Secret } from "@gatehouse/shared";
import {
  argon2,
  createHash,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";

const saltLength = 16;
const keyLength = 32;
const proofLength = 32;
const checksumLength = 8;
/** No line of parameters is longer. */
const longestLine = 512;

/** What a guess costs. RFC 9106 3.1 */
export interface PassphraseCost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** Bounds, because a header may be anybody's: opening a file must not take the box's whole memory, nor a day. */
const Parameters = z.strictObject({
  kdf: z.literal("argon2id"),
  memory: z.int().min(19_456).max(1_048_576),
  passes: z.int().min(1).max(16),
  lanes: z.int().min(1).max(4),
  salt: z.string().regex(/^[\w-]{22}$/),
});

/** The first bytes of a file that a passphrase opens. */
export interface PassphraseHeader {
  /** All of them; what follows is to be sealed with these as additional data. */
  readonly bytes: Buffer;
  readonly cost: PassphraseCost;
  readonly salt: Buffer;
}

/** The longest header of this kind. */
export const longestHeader = (kind: string): number => kind.length + 1 + longestLine + 1 + proofLength + checksumLength;

/**
 * Two lines (the kind of file, the parameters as JSON), then the key's proof (32 bytes) and a checksum of it all (8 bytes):
 * so a wrong passphrase can be told from a damaged file. Undefined for what is no such header.
 */
export const parsePassphraseHeader = (kind: string, content: Buffer): PassphraseHeader | undefined => {
  const first = Buffer.from(`${kind}\n`);
  if (!content.subarray(0, first.length).equals(first)) return undefined;
  const lineEnd = content.subarray(0, first.length + longestLine + 1).indexOf("\n", first.length);
  const end = lineEnd + 1 + proofLength;
  if (lineEnd < 0 || content.length < end + checksumLength) return undefined;
  if (!checksum(content.subarray(0, end)).equals(content.subarray(end, end + checksumLength))) return undefined;
  const parameters = Parameters.safeParse(parseJson(content.toString("utf8", first.length, lineEnd)));
  if (!parameters.success) return undefined;
  const { memory, passes, lanes, salt } = parameters.data;
  return {
    bytes: content.subarray(0, end + checksumLength),
    cost: { memory, passes, lanes },
    salt: Buffer.from(salt, "base64url"),
  };
};

/** A new header with the key that its passphrase opens. The salt is new, so the key is this file's alone. */
export const makePassphraseHeader = async (
  kind: string,
  { passphrase, cost }: { readonly passphrase: Secret; readonly cost: PassphraseCost },
): Promise<{ readonly header: PassphraseHeader; readonly key: KeyObject }> => {
  const salt = randomBytes(saltLength);
  const { memory, passes, lanes } = cost;
  const parameters = { kdf: "argon2id", memory, passes, lanes, salt: salt.toString("base64url") };
  const lines = Buffer.from(`${kind}\n${JSON.stringify(parameters)}\n`);
  const { key, proof } = await derive(lines, { passphrase, cost, salt });
  const proven = Buffer.concat([lines, proof]);
  return { header: { bytes: Buffer.concat([proven, checksum(proven)]), cost, salt }, key };
};

/** The key of the file. @throws GatehouseError `passphrase-wrong` */
export const openPassphraseHeader = async (
  { bytes, cost, salt }: PassphraseHeader,
  passphrase: Secret,
): Promise<KeyObject> => {
  const end = bytes.length - checksumLength;
  const { key, proof } = await derive(bytes.subarray(0, end - proofLength), { passphrase, cost, salt });
  if (!timingSafeEqual(proof, bytes.subarray(end - proofLength, end))) {
    throw new GatehouseError("passphrase-wrong", "This is not the passphrase that it was locked with.");
  }
  return key;
};

const derive = async (
  lines: Buffer,
  { passphrase, cost, salt }: { readonly passphrase: Secret; readonly cost: PassphraseCost; readonly salt: Buffer },
): Promise<{ readonly key: KeyObject; readonly proof: Buffer }> => {
  // NFC, because keyboards differ in how they write the same letter.
  const message = passphrase.reveal().normalize("NFC");
  const { memory, passes, lanes } = cost;
  const parameters = { message, nonce: salt, memory, passes, parallelism: lanes, tagLength: keyLength + proofLength };
  const derived = await promisify(argon2)("argon2id", parameters);
  try {
    return {
      key: createSecretKey(derived.subarray(0, keyLength)),
      // Over the parameters, and under a key of its own: it commits the file to one passphrase, which AES-GCM does not.
      proof: createHmac("sha256", derived.subarray(keyLength)).update(lines).digest(),
    };
  } finally {
    derived.fill(0);
  }
};

const checksum = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest().subarray(0, checksumLength);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
