import { GatehouseError } from "@gatehouse/shared";

/** A file or a folder of an archive; all else that tar knows is refused. */
export interface TarEntry {
  readonly kind: "file" | "folder";
  /** Relative, with `/`, without `.` and `..`. */
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

export type TarEvent =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  /** Content of the file that was last told. */
  | { readonly kind: "content"; readonly bytes: Buffer };

export interface TarLimits {
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
}

const blockSize = 512;

const refuse = (why: string): never => {
  throw new GatehouseError("update-untrusted", `The release's archive cannot be used: ${why}.`);
};

/**
 * Takes a tar archive apart (POSIX.1-2001 ustar) as its bytes come. Knows files and folders only: no links, no devices, no
 * extensions, so that nothing can be written outside of the folder that it is unpacked to.
 */
export class TarReader {
  readonly #limits: TarLimits;
  #held: Buffer = Buffer.alloc(0);
  #content = 0;
  #padding = 0;
  #entries = 0;
  #bytes = 0;
  #ended = false;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  /** What the next bytes hold. @throws GatehouseError `update-untrusted` */
  read(chunk: Buffer): TarEvent[] {
    const events: TarEvent[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const skipped = Math.min(this.#padding, rest.length);
      if (this.#content > 0) {
        const bytes = rest.subarray(0, this.#content);
        this.#content -= bytes.length;
        events.push({ kind: "content", bytes });
        rest = rest.subarray(bytes.length);
      } else if (skipped > 0) {
        this.#padding -= skipped;
        rest = rest.subarray(skipped);
      } else {
        rest = this.#readHeader(rest, events);
      }
    }
    return events;
  }

  /** To be called after the last bytes. @throws GatehouseError `update-untrusted` where some are missing */
  end(): void {
    if (!this.#ended || this.#held.length > 0) refuse("it is cut off");
  }

  #readHeader(bytes: Buffer, events: TarEvent[]): Buffer {
    const missing = blockSize - this.#held.length;
    this.#held = Buffer.concat([this.#held, bytes.subarray(0, missing)]);
    if (this.#held.length < blockSize) return bytes.subarray(missing);
    const block = this.#held;
    this.#held = Buffer.alloc(0);
    if (block.every((byte) => byte === 0)) this.#ended = true;
    else if (this.#ended) refuse("something follows its end");
    else events.push({ kind: "entry", entry: this.#admit(parseTarHeader(block)) });
    return bytes.subarray(missing);
  }

  #admit(entry: TarEntry): TarEntry {
    this.#entries += 1;
    this.#bytes += entry.size;
    if (this.#entries > this.#limits.entries || this.#bytes > this.#limits.bytes) refuse("it holds too much");
    this.#content = entry.size;
    this.#padding = (blockSize - (entry.size % blockSize)) % blockSize;
    return entry;
  }
}

/** A field's text up to its NUL. */
const text = (block: Buffer, start: number, length: number): string => {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
};

const octal = (block: Buffer, start: number, length: number): number => {
  const field = text(block, start, length).trim();
  return /^[0-7]{1,11}$/.test(field) ? Number.parseInt(field, 8) : refuse("a number in it is none");
};

const checksumStart = 148;
const checksumEnd = 156;

/** The checksum covers the block with spaces in the checksum's own place. */
const checksumOf = (block: Buffer): number =>
  block.reduce((sum, byte, index) => sum + (index >= checksumStart && index < checksumEnd ? 0x20 : byte), 0);

const kinds: Readonly<Record<string, TarEntry["kind"]>> = { "0": "file", "5": "folder" };

/** One header block. @throws GatehouseError `update-untrusted` for all but a plain file or folder */
export const parseTarHeader = (block: Buffer): TarEntry => {
  if (text(block, 257, 6) !== "ustar" || octal(block, checksumStart, 8) !== checksumOf(block))
    refuse("a header in it is damaged");
  const kind = kinds[text(block, 156, 1)] ?? refuse("it holds more than files and folders");
  if (text(block, 157, 100) !== "") refuse("it holds a link");
  const size = octal(block, 124, 12);
  if (kind === "folder" && size > 0) refuse("a folder in it has content");
  const [prefix, name] = [text(block, 345, 155), text(block, 0, 100)];
  const path = safePath(prefix === "" ? name : `${prefix}/${name}`, kind);
  return { kind, path, size, executable: (octal(block, 100, 8) & 0o100) !== 0 };
};

const safePath = (given: string, kind: TarEntry["kind"]): string => {
  const path = kind === "folder" ? given.replace(/\/$/, "") : given;
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) refuse("a path in it leads out of it");
  if (/[\p{Cc}\p{Cs}\\\uFFFD]/u.test(path)) refuse("a name in it is none");
  return path;
};
