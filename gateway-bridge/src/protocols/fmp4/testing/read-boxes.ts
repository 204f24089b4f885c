/** A box of a file, taken apart. */
export interface ReadBox {
  readonly type: string;
  readonly content: Buffer;
  /** Of boxes that hold boxes. */
  readonly children: readonly ReadBox[];
}

const containers: ReadonlySet<string> = new Set([
  ...["moov", "trak", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf"],
]);

/** The boxes that follow each other in these bytes. Throws where their sizes do not add up. */
export const readBoxes = (bytes: Buffer): readonly ReadBox[] => {
  const boxes: ReadBox[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (size < 8 || at + size > bytes.length) throw new Error(`a ${type} box of ${size} bytes ends beyond its parent`);
    const content = bytes.subarray(at + 8, at + size);
    boxes.push({ type, content, children: containers.has(type) ? readBoxes(content) : [] });
    at += size;
  }
  return boxes;
};

/** The first box at this path: `moov`, `trak`, `mdia`. */
export const findBox = (bytes: Buffer, ...path: readonly string[]): ReadBox => {
  let level = readBoxes(bytes);
  let found: ReadBox | undefined;
  for (const type of path) {
    found = level.find((box) => box.type === type);
    if (found === undefined) throw new Error(`there is no ${type} box`);
    level = found.children;
  }
  if (found === undefined) throw new Error("the path is empty");
  return found;
};
