import { GatehouseError } from "@gatehouse/shared";

/** What one tag of a stream with H.264 alone carries. */
export type FlvVideo =
  /** The parameter sets, without start codes, that hold from here on. */
  | { readonly kind: "parameters"; readonly sps: Buffer; readonly pps: Buffer }
  | {
      readonly kind: "picture";
      /** Presentation, in ms. */
      readonly time: number;
      readonly key: boolean;
      readonly nals: readonly Buffer[];
    };

const signature = Buffer.from("FLV", "latin1");
const fileHeaderSize = 9;
const tagHeaderSize = 11;
const previousSize = 4;
const videoTag = 9;
const avc = 7;
/** More than any coded picture. */
const longestTag = 8 * 1024 * 1024;

const malformed = (why: string): GatehouseError =>
  new GatehouseError("rtp-malformed", `The FLV stream is damaged: ${why}.`);

/** Reads an FLV stream that comes in pieces of any size. Adobe Flash Video File Format 10.1, annex E */
export class FlvReader {
  /** What is not whole yet, in its first bytes. Views of what was read before are out there, so it is never written over. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  /** With fewer bytes there is nothing to be read. */
  #needed = signature.length;
  #begun = false;

  /**
   * What is whole now; NAL units are views.
   * @throws GatehouseError `rtp-malformed`; nothing can be read after that
   */
  push(piece: Buffer): readonly FlvVideo[] {
    let bytes = this.#append(piece);
    if (bytes.length < this.#needed) return [];
    const found: FlvVideo[] = [];
    if (!this.#begun) {
      if (!bytes.subarray(0, signature.length).equals(signature)) throw malformed("it does not begin as one");
      const head = fileHeaderSize + previousSize;
      if (bytes.length < head) {
        this.#hold(bytes, head);
        return found;
      }
      this.#begun = true;
      bytes = bytes.subarray(head);
    }
    let size = tagSize(bytes);
    for (; size <= bytes.length; size = tagSize(bytes)) {
      const video = readTag(bytes.subarray(0, size - previousSize));
      if (video !== undefined) found.push(video);
      bytes = bytes.subarray(size);
    }
    this.#hold(bytes, size);
    return found;
  }

  /** Grows by doubling, so that a picture that comes in many small pieces is not copied with each. */
  #append(piece: Buffer): Buffer {
    const bytes = this.#heldBytes + piece.length;
    if (bytes > this.#held.length) {
      const grown = this.#heldBytes === 0 ? piece : Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#heldBytes));
      if (grown !== piece) grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    if (this.#held !== piece) this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = bytes;
    return this.#held.subarray(0, bytes);
  }

  #hold(bytes: Buffer, needed: number): void {
    this.#held = bytes;
    this.#heldBytes = bytes.length;
    this.#needed = needed;
  }
}

/** With the size that follows it, as far as its header is there. */
const tagSize = (bytes: Buffer): number => {
  if (bytes.length < tagHeaderSize) return tagHeaderSize;
  const length = bytes.readUIntBE(1, 3);
  if (length > longestTag) throw malformed("a tag is too long");
  return tagHeaderSize + length + previousSize;
};

// Annex E.4.1, E.4.3
const readTag = (tag: Buffer): FlvVideo | undefined => {
  if (tag[0] !== videoTag || tag.length < tagHeaderSize + 5) return undefined;
  const first = tag.readUInt8(tagHeaderSize);
  if ((first & 0x0f) !== avc) throw malformed("its video is not H.264");
  const content = tag.subarray(tagHeaderSize + 5);
  const packetType = tag.readUInt8(tagHeaderSize + 1);
  if (packetType === 0) return content.length === 0 ? undefined : readParameters(content);
  if (packetType !== 1) return undefined;
  const time = tag.readUIntBE(4, 3) + tag.readUInt8(7) * 0x100_0000 + tag.readIntBE(tagHeaderSize + 2, 3);
  return { kind: "picture", time, key: first >> 4 === 1, nals: readNals(content) };
};

/** AVCDecoderConfigurationRecord. ISO/IEC 14496-15 5.3.3.1 */
const readParameters = (record: Buffer): FlvVideo => {
  if (record.length < 7 || record[0] !== 1 || ((record[4] ?? 0) & 3) !== 3)
    throw malformed("its parameters cannot be read");
  const sps = readCounted(record, 6, record.readUInt8(5) & 0x1f);
  const pps = sps.next < record.length ? readCounted(record, sps.next + 1, record.readUInt8(sps.next)) : undefined;
  if (sps.first === undefined || pps?.first === undefined) throw malformed("a parameter set is missing");
  return { kind: "parameters", sps: sps.first, pps: pps.first };
};

const readCounted = (bytes: Buffer, from: number, count: number): { first: Buffer | undefined; next: number } => {
  let next = from;
  let first: Buffer | undefined;
  for (let index = 0; index < count; index += 1) {
    if (next + 2 > bytes.length) throw malformed("a parameter set is cut off");
    const end = next + 2 + bytes.readUInt16BE(next);
    if (end > bytes.length) throw malformed("a parameter set is cut off");
    first ??= bytes.subarray(next + 2, end);
    next = end;
  }
  return { first, next };
};

const readNals = (content: Buffer): readonly Buffer[] => {
  const nals: Buffer[] = [];
  let at = 0;
  while (at < content.length) {
    if (at + 4 > content.length) throw malformed("a NAL unit is cut off");
    const end = at + 4 + content.readUInt32BE(at);
    if (end > content.length) throw malformed("a NAL unit is cut off");
    if (end > at + 4) nals.push(content.subarray(at + 4, end));
    at = end;
  }
  return nals;
};
