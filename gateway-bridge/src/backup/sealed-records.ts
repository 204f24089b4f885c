import { GatehouseError } from "@gatehouse/shared";
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";

const algorithm = "aes-256-gcm";
const recordLength = 64 * 1_024;
const tagLength = 16;

const damaged = (cause?: unknown): GatehouseError =>
  new GatehouseError("backup-damaged", "The backup was cut off or changed after it was made.", { cause });

/** Whose key this is: one file's alone, with the header that every record is bound to. */
export interface FileKey {
  readonly key: KeyObject;
  readonly header: Buffer;
}

/**
 * Encrypts what comes in records of 64 KiB, each with its number and whether it is the last in its nonce: so none can be changed,
 * moved, doubled or cut off (STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). The last one is shorter, or empty.
 */
export async function* sealRecords(
  content: AsyncIterable<Uint8Array>,
  { key, header }: FileKey,
): AsyncGenerator<Buffer> {
  for await (const { bytes, index, last } of inPieces(content, recordLength)) {
    const cipher = createCipheriv(algorithm, key, nonceOf(index, last), { authTagLength: tagLength }).setAAD(header);
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Gives what was sealed, only ever what is proven. @throws GatehouseError `backup-damaged` */
export async function* openRecords(sealed: AsyncIterable<Uint8Array>, fileKey: FileKey): AsyncGenerator<Buffer> {
  for await (const { bytes, index, last } of inPieces(sealed, recordLength + tagLength)) {
    yield openRecord(bytes, nonceOf(index, last), fileKey);
  }
}

const openRecord = (record: Buffer, nonce: Buffer, { key, header }: FileKey): Buffer => {
  const end = record.length - tagLength;
  if (end < 0) throw damaged();
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength });
  decipher.setAAD(header).setAuthTag(record.subarray(end));
  const content = decipher.update(record.subarray(0, end));
  try {
    decipher.final();
    return content;
  } catch (cause) {
    content.fill(0);
    throw damaged(cause);
  }
};

/** The record's number (11 bytes), 1 for the last. A number is used once under a key, which is one file's alone. */
const nonceOf = (index: number, last: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
};

interface Piece {
  readonly bytes: Buffer;
  readonly index: number;
  readonly last: boolean;
}

/** Cuts what comes into pieces of one length. There is always a last one, which may be empty. */
async function* inPieces(source: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Piece> {
  let held = Buffer.alloc(0);
  let index = 0;
  for await (const bytes of source) {
    held = Buffer.concat([held, bytes]);
    // A whole piece is held until more comes: it may be the last.
    while (held.length > length) {
      yield { bytes: held.subarray(0, length), index, last: false };
      held = held.subarray(length);
      index += 1;
    }
  }
  yield { bytes: held, index, last: true };
}
