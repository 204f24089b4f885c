import { describe, expect, it } from "@jest/globals";
import { createSecretKey, randomBytes } from "node:crypto";

import { openRecords, sealRecords, type FileKey } from "./sealed-records.ts";

const fileKey: FileKey = { key: createSecretKey(randomBytes(32)), header: Buffer.from("header") };
const record = 64 * 1_024;
const sealedRecord = record + 16;
const damaged = { code: "backup-damaged" };

async function* inChunks(content: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
}
const all = async (pieces: AsyncIterable<Buffer>): Promise<Buffer> => {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(piece);
  return Buffer.concat(found);
};
const seal = (content: Buffer, chunk = 10_000): Promise<Buffer> => all(sealRecords(inChunks(content, chunk), fileKey));
const open = (sealed: Buffer, chunk = 10_000, key = fileKey): Promise<Buffer> =>
  all(openRecords(inChunks(sealed, chunk), key));

describe("sealed records", () => {
  it.each([0, 1, record - 1, record, record + 1, 3 * record, 3 * record + 5])(
    "give %i bytes back, however they come",
    async (length) => {
      const content = randomBytes(length);
      const sealed = await seal(content);
      expect(sealed.length).toBe(length + 16 * Math.max(1, Math.ceil(length / record)));
      for (const chunk of [1_000, sealedRecord, 1_000_000])
        expect((await open(sealed, chunk)).equals(content)).toBe(true);
    },
  );

  it("notice a cut at any record, and in any", async () => {
    const sealed = await seal(randomBytes(3 * record));
    for (const at of [0, 1, 15, 16, sealedRecord, 2 * sealedRecord, 2 * sealedRecord + 20, sealed.length - 1]) {
      await expect(open(sealed.subarray(0, at))).rejects.toMatchObject(damaged);
    }
  });

  it("notice records that were exchanged, doubled, left out, put in or taken from another file", async () => {
    const sealed = await seal(randomBytes(4 * record));
    const [a, b, c, d] = [0, 1, 2, 3].map((n) => sealed.subarray(n * sealedRecord, (n + 1) * sealedRecord)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    for (const order of [
      [b, a, c, d],
      [a, a, b, c, d],
      [a, c, d],
      [a, b, c, d, d],
      [a, b, c, d, Buffer.from("x")],
      [d],
    ]) {
      await expect(open(Buffer.concat(order))).rejects.toMatchObject(damaged);
    }
    const other = { ...fileKey, header: Buffer.from("Header") };
    await expect(open(sealed, 10_000, other)).rejects.toMatchObject(damaged);
  });

  it("notice a change of any byte", async () => {
    const sealed = await seal(Buffer.from("a secret"));
    for (const at of sealed.keys()) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1 << (at % 8);
      await expect(open(changed)).rejects.toMatchObject(damaged);
    }
  });

  it("give nothing of a record before it is proven", async () => {
    const sealed = await seal(randomBytes(2 * record));
    sealed[sealed.length - 1]! ^= 1;
    const given: Buffer[] = [];
    const reading = async () => {
      for await (const bytes of openRecords(inChunks(sealed, 10_000), fileKey)) given.push(bytes);
    };
    await expect(reading()).rejects.toMatchObject(damaged);
    expect(given.map(({ length }) => length)).toEqual([record]);
  });
});
