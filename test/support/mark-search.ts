import { open } from "node:fs/promises";

import { writingsOf } from "./writings.ts";

/** A mark shorter than this may turn up by chance, or by somebody's habit. Bytes. */
const shortest = 32;
/** Bytes by which places are told apart at first sight. */
const block = 4;
const chunkLength = 16 * 1024 * 1024;

interface Needle {
  readonly mark: string;
  readonly bytes: Buffer;
}

/**
 * Looks for marks, in whatever writing, in much: a core dump, a disk, a capture. One look at every 29th place decides nearly all of it: each
 * writing of a mark is at least 32 bytes long, so one of its first 29 blocks of 4 bytes lies at such a place (after Wu and Manber, 1994).
 */
export class MarkSearch {
  readonly #marks: readonly string[];
  /** By a block, where it lies in which writings. */
  readonly #blocks = new Map<number, { readonly needle: Needle; readonly offset: number }[]>();
  readonly #seen = new Uint8Array(1 << 16);
  readonly #longest: number;

  /** @param marks by name; texts are looked for as UTF-8 */
  constructor(marks: Readonly<Record<string, string | Buffer>>) {
    this.#marks = Object.keys(marks);
    const needles = Object.entries(marks).flatMap(([mark, value]) => {
      const raw = Buffer.from(value as string);
      if (raw.length < shortest)
        throw new RangeError(`the mark ${mark} has ${raw.length} bytes, and ${shortest} are needed`);
      return writingsOf(raw).map((bytes) => ({ mark, bytes }));
    });
    for (const needle of needles) this.#learn(needle);
    this.#longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  }

  /** Names of the marks that are in there, in their order. */
  in(...parts: readonly Buffer[]): string[] {
    const found = new Set<string>();
    for (const part of parts) this.#scan(part, found);
    return this.#marks.filter((mark) => found.has(mark));
  }

  /** The same for a file of any size. */
  async inFile(path: string): Promise<string[]> {
    await using file = await open(path);
    const found = new Set<string>();
    const buffer = Buffer.alloc(chunkLength + this.#longest);
    for (let kept = 0; ;) {
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept);
      if (bytesRead === 0) return this.#marks.filter((mark) => found.has(mark));
      const filled = kept + bytesRead;
      this.#scan(buffer.subarray(0, filled), found);
      // A mark may lie across the end of what was read.
      kept = Math.min(filled, this.#longest);
      buffer.copyWithin(0, filled - kept, filled);
    }
  }

  #learn(needle: Needle): void {
    for (let offset = 0; offset <= shortest - block; offset += 1) {
      const key = needle.bytes.readUInt32LE(offset);
      this.#blocks.set(key, [...(this.#blocks.get(key) ?? []), { needle, offset }]);
      this.#seen[place(key)] = 1;
    }
  }

  #scan(bytes: Buffer, found: Set<string>): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + block <= bytes.length; at += shortest - block + 1) {
      const key = view.getUint32(at, true);
      if (this.#seen[place(key)] === 0) continue;
      for (const { needle, offset } of this.#blocks.get(key) ?? []) {
        const from = at - offset;
        if (from < 0 || found.has(needle.mark)) continue;
        if (needle.bytes.equals(bytes.subarray(from, from + needle.bytes.length))) found.add(needle.mark);
      }
    }
  }
}

/** Knuth's multiplicative hash, 16 bits of it. */
const place = (key: number): number => Math.imul(key, 0x9e3779b1) >>> 16;
