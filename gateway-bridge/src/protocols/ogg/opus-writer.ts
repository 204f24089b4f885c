import { pageFlags, writePage } from "./page.ts";

/** One stream a file, so that any number will do. */
const serial = 1;
const noVendor = Buffer.from("OpusTags\0\0\0\0\0\0\0\0", "latin1");

/** Opus packets as an Ogg stream, a page each, so that a reader has every packet as soon as it is written. RFC 7845 */
export class OggOpusWriter {
  readonly #channels: number;
  #sequence = 0;
  #samples = 0n;

  /** @param channels 1 or 2 */
  constructor(channels: number) {
    this.#channels = channels;
  }

  /** What the stream begins with: the identification and the comment header. RFC 7845 5 */
  begin(): Buffer {
    const head = Buffer.alloc(19);
    head.write("OpusHead", "latin1");
    head.writeUInt8(1, 8);
    head.writeUInt8(this.#channels, 9);
    head.writeUInt32LE(48_000, 12);
    return Buffer.concat([this.#page(pageFlags.first, head), this.#page(0, noVendor)]);
  }

  /** @param duration in samples of 48 kHz */
  write(packet: Buffer, duration: number): Buffer {
    this.#samples += BigInt(duration);
    return this.#page(0, packet);
  }

  #page(flags: number, packet: Buffer): Buffer {
    const page = writePage({ flags, granule: this.#samples, serial, sequence: this.#sequence }, packet);
    this.#sequence += 1;
    return page;
  }
}
