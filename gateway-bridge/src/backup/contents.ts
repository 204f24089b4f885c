import { GatehouseError } from "@gatehouse/shared";
import { z } from "zod";

/** What a backup may hold: nothing else is ever written to a disk from one. */
export const backedUpFiles = ["gatehouse.db", "vault.key", "vault.key.next", "config.json"] as const;
export type BackedUpFile = (typeof backedUpFiles)[number];

const longestList = 4_096;

/** What a backup says of itself, before the files, which follow each other in this order. */
const Contents = z.strictObject({
  /** Of Gatehouse. */
  version: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/),
  /** Unix milliseconds. */
  made: z.int().min(0),
  files: z
    .array(z.strictObject({ name: z.enum(backedUpFiles), length: z.int().min(0) }))
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length)
    .refine((files) => files.some(({ name }) => name === "gatehouse.db")),
});
export type Contents = z.infer<typeof Contents>;

/** Length (4 bytes) and JSON. */
export const formatContents = (contents: Contents): Buffer => {
  const json = Buffer.from(JSON.stringify(contents));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
};

/** Bytes of one of the files; `end` with the last of them. */
export interface Part {
  readonly name: BackedUpFile;
  readonly bytes: Buffer;
  readonly end: boolean;
}

/** Takes a backup's contents apart as they come. Every method throws GatehouseError `backup-damaged` for what makes no sense. */
export class Unpacking {
  #held: Buffer = Buffer.alloc(0);
  #contents: Contents | undefined;
  #file = 0;
  #left = 0;

  /** Known once enough of it was pushed. */
  get contents(): Contents | undefined {
    return this.#contents;
  }

  push(bytes: Buffer): Part[] {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#contents === undefined && !this.#readContents()) return [];
    return [...this.#parts()];
  }

  /** What it was, when all of it was pushed. */
  end(): Contents {
    const contents = this.#contents;
    if (contents === undefined || this.#file < contents.files.length) throw senseless("it is shorter than it says");
    return contents;
  }

  #readContents(): boolean {
    if (this.#held.length < 4) return false;
    const length = this.#held.readUInt32BE();
    if (length > longestList) throw senseless("its list of files is too long");
    if (this.#held.length < 4 + length) return false;
    this.#contents = parseContents(this.#held.toString("utf8", 4, 4 + length));
    this.#left = this.#contents.files[0]?.length ?? 0;
    this.#held = this.#held.subarray(4 + length);
    return true;
  }

  *#parts(): Generator<Part> {
    const files = this.#contents?.files ?? [];
    for (let file = files[this.#file]; file !== undefined; file = files[this.#file]) {
      const bytes = this.#held.subarray(0, this.#left);
      this.#held = this.#held.subarray(bytes.length);
      this.#left -= bytes.length;
      const end = this.#left === 0;
      if (end || bytes.length > 0) yield { name: file.name, bytes, end };
      if (!end) return;
      this.#file += 1;
      this.#left = files[this.#file]?.length ?? 0;
    }
    if (this.#held.length > 0) throw senseless("it is longer than it says");
  }
}

const parseContents = (json: string): Contents => {
  try {
    return Contents.parse(JSON.parse(json));
  } catch (cause) {
    throw new GatehouseError("backup-damaged", "The backup's list of files is not one that this version can read.", {
      cause,
    });
  }
};

const senseless = (why: string): GatehouseError =>
  new GatehouseError("backup-damaged", `The backup is not whole: ${why}.`);
