import type { Readable } from "node:stream";

/** All that a stream brings, as text; undefined, and the stream destroyed, where that is more than so many bytes. */
export const readAtMost = async (stream: Readable, bytes: number): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += (chunk as Buffer).length;
    if (length > bytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
};
