import { GatehouseError } from "@gatehouse/shared";

import { capturePattern, pageFlags, pageHeaderSize } from "./page.ts";

/** More than any audio packet: the longest of Opus has 61,440 bytes. RFC 7845 6 */
const longestPacket = 65_536;

const malformed = (why: string): GatehouseError =>
  new GatehouseError("rtp-malformed", `The Ogg stream is damaged: ${why}.`);

/**
 * Cuts an Ogg stream of one logical stream, which comes in pieces of any size, into packets. Holds less than one page
 * and one packet. Checksums are left alone: it comes through a pipe.
 */
export class OggReader {
  #held: Buffer = Buffer.alloc(0);
  /** The beginning of a packet that goes on in the next page. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  /**
   * The packets that are whole now, as views.
   * @throws GatehouseError `rtp-malformed`; nothing can be read after that
   */
  push(piece: Buffer): readonly Buffer[] {
    let bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const packets: Buffer[] = [];
    for (let size = pageSize(bytes); size !== undefined; size = pageSize(bytes)) {
      this.#readPage(bytes.subarray(0, size), packets);
      bytes = bytes.subarray(size);
    }
    this.#held = bytes;
    return packets;
  }

  #readPage(page: Buffer, packets: Buffer[]): void {
    const continued = ((page[5] ?? 0) & pageFlags.continued) !== 0;
    if (continued !== this.#begun.length > 0) throw malformed("a packet goes on where none began, or the reverse");
    const segments = page.readUInt8(26);
    let from = pageHeaderSize + segments;
    let to = from;
    for (const lacing of page.subarray(pageHeaderSize, from)) {
      to += lacing;
      // A packet ends with the first lacing value below 255. RFC 3533 6
      if (lacing === 255) continue;
      packets.push(this.#finish(page.subarray(from, to)));
      from = to;
    }
    if (segments > 0 && page[pageHeaderSize + segments - 1] === 255) this.#keep(page.subarray(from, to));
  }

  #finish(rest: Buffer): Buffer {
    if (this.#begun.length === 0) return rest;
    this.#keep(rest);
    const packet = Buffer.concat(this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
    return packet;
  }

  #keep(part: Buffer): void {
    this.#begunBytes += part.length;
    if (this.#begunBytes > longestPacket) throw malformed("a packet is longer than any of sound");
    this.#begun.push(part);
  }
}

/** Undefined while it is not there as a whole. */
const pageSize = (bytes: Buffer): number | undefined => {
  if (bytes.length < pageHeaderSize) return undefined;
  if (!bytes.subarray(0, 4).equals(capturePattern) || bytes[4] !== 0) throw malformed("a page does not begin as one");
  const segments = bytes.readUInt8(26);
  const body = pageHeaderSize + segments;
  if (bytes.length < body) return undefined;
  let size = body;
  for (const lacing of bytes.subarray(pageHeaderSize, body)) size += lacing;
  return bytes.length < size ? undefined : size;
};
