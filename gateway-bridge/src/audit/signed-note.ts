import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";

/** Longest note that is read. Ours have some 250 characters. */
export const longestNote = 4_096;
const mostSignatures = 16;

/** Who signs: a name without spaces and plus signs, and an Ed25519 key. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** Whose signature is looked for. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  /** Which key of that name: the first 4 bytes of its hash. */
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

/** A signed note (C2SP signed-note): a text, and who signed it. */
export interface Note {
  /** Ends with a line end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const ed25519 = Buffer.of(1);
const rawLength = 32;

const rawOf = (publicKey: KeyObject): Buffer => Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");

const keyIdOf = (name: string, raw: Buffer): Buffer =>
  createHash("sha256").update(`${name}\n`).update(ed25519).update(raw).digest().subarray(0, 4);

/** The text with the signer's line under it. The text ends with a line end. */
export const signNote = (text: string, { name, privateKey }: NoteSigner): string => {
  const keyId = keyIdOf(name, rawOf(createPublicKey(privateKey)));
  const signed = Buffer.concat([keyId, sign(null, Buffer.from(text, "utf8"), privateKey)]);
  return `${text}\n\u2014 ${name} ${signed.toString("base64")}\n`;
};

/** The note's parts, or undefined where it is none. Nothing is verified by this. */
export const parseNote = (note: string): Note | undefined => {
  if (note.length > longestNote || !note.isWellFormed()) return undefined;
  // No control character but the line end.
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\0-\x09\x0b-\x1f\x7f]/.test(note)) return undefined;
  const divide = note.lastIndexOf("\n\n");
  if (divide < 1 || !note.endsWith("\n")) return undefined;
  const lines = note.slice(divide + 2, -1).split("\n");
  if (lines.length > mostSignatures) return undefined;
  const signatures = lines.map(parseSignature);
  if (!signatures.every((each) => each !== undefined)) return undefined;
  return { text: note.slice(0, divide + 1), signatures };
};

const parseSignature = (line: string): NoteSignature | undefined => {
  const [, name, encoded] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  if (name === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  // One way of writing each signature, and a key id before it.
  if (bytes.length < 5 || bytes.toString("base64") !== encoded) return undefined;
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
};

/** The note's text if this verifier's key signed it. Signatures of others are passed over. */
export const verifyNote = (note: string, { name, publicKey }: NoteVerifier): string | undefined => {
  const parsed = parseNote(note);
  if (parsed === undefined) return undefined;
  const keyId = keyIdOf(name, rawOf(publicKey));
  const own = parsed.signatures.find((each) => each.name === name && each.keyId.equals(keyId));
  if (own?.signature.length !== 64) return undefined;
  return verify(null, Buffer.from(parsed.text, "utf8"), publicKey, own.signature) ? parsed.text : undefined;
};

/** The public key as one word that can be copied: `name+id+key`. */
export const formatVerifier = ({ name, publicKey }: NoteVerifier): string => {
  const raw = rawOf(publicKey);
  return `${name}+${keyIdOf(name, raw).toString("hex")}+${Buffer.concat([ed25519, raw]).toString("base64")}`;
};

/** Reads such a word; undefined where it is none, or was copied wrong. */
export const parseVerifier = (word: string): NoteVerifier | undefined => {
  const [, name, id, encoded] = /^([^\s+]{1,128})\+([\da-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(word) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const raw = bytes.subarray(1);
  if (bytes[0] !== 1 || raw.length !== rawLength || keyIdOf(name, raw).toString("hex") !== id) return undefined;
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  return { name, publicKey: createPublicKey({ key: jwk, format: "jwk" }) };
};
