const dollar = 0x24;
const endOfHead = "\r\n\r\n";

/** Finds the interleaved frames in what an RTSP connection carries; answers between them, which have no body, are passed over. */
export class FrameSplitter {
  readonly #take: (channel: number, packet: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(take: (channel: number, packet: Buffer) => void) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = bytes[0] === dollar ? frameEnd(bytes) : headEnd(bytes);
      if (end === undefined || end > bytes.length) break;
      if (bytes[0] === dollar) this.#take(bytes.readUInt8(1), bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}

/** RFC 2326 10.12. */
const frameEnd = (bytes: Buffer): number | undefined => (bytes.length < 4 ? undefined : 4 + bytes.readUInt16BE(2));

const headEnd = (bytes: Buffer): number | undefined => {
  const at = bytes.indexOf(endOfHead);
  return at < 0 ? undefined : at + endOfHead.length;
};
