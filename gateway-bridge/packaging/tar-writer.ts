/** A file or a folder of an archive, as it is written. */
export interface TarInput {
  /** Relative, with `/`. */
  readonly path: string;
  /** Undefined for a folder. */
  readonly content: Buffer | undefined;
  readonly executable?: boolean;
}

const blockSize = 512;
const [nameLength, prefixLength] = [100, 155];

/** ustar has two fields for a path, and the cut between them is at a slash. */
const splitPath = (path: string): readonly [prefix: string, name: string] => {
  if (Buffer.byteLength(path) <= nameLength) return ["", path];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= prefixLength && Buffer.byteLength(name) <= nameLength) return [prefix, name];
  }
  throw new RangeError(`${path} is too long for a plain tar archive`);
};

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;

/** Writes the checksum of a header: of all its bytes, with spaces in its own place. */
export const sealHeader = (block: Buffer): void => {
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
};

const header = ({ path, content, executable = false }: TarInput): Buffer => {
  const block = Buffer.alloc(blockSize);
  const [prefix, name] = splitPath(path);
  const isFolder = content === undefined;
  block.write(name, 0);
  block.write(octal(isFolder || executable ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(content?.length ?? 0, 12), 124);
  // The same files make the same archive, whenever it is made.
  block.write(octal(0, 12), 136);
  block.write(isFolder ? "5" : "0", 156);
  block.write("ustar\x0000", 257, "latin1");
  block.write(prefix, 345);
  sealHeader(block);
  return block;
};

/** A tar archive (POSIX.1-2001 ustar), block by block; folders must come before what is in them. */
export function* writeTar(inputs: Iterable<TarInput>): Generator<Buffer> {
  for (const input of inputs) {
    yield header(input);
    if (input.content === undefined) continue;
    yield input.content;
    yield Buffer.alloc((blockSize - (input.content.length % blockSize)) % blockSize);
  }
  yield Buffer.alloc(2 * blockSize);
}
