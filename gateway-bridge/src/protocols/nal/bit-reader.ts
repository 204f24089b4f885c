// ITU-T H.264 7.3.1.1, H.265 7.3.1.1: 00 00 03 stands for 00 00.
export const withoutEmulationPrevention = (nal: Buffer): Buffer => {
  const bytes = Buffer.alloc(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
};

/** Reads bits; beyond the end they are 0 and `ended` becomes true. */
export class BitReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, byteOffset = 0) {
    this.#bytes = bytes;
    this.#at = 8 * byteOffset;
  }

  get ended(): boolean {
    return this.#at > 8 * this.#bytes.length;
  }

  /** Bits read so far, from the first byte on. */
  get position(): number {
    return this.#at;
  }

  bit(): number {
    const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** u(n), at most 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** ue(v), at most 32 bits of it. ITU-T H.264 9.1, H.265 9.2 */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && !this.ended && this.bit() === 0) zeros += 1;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v). ITU-T H.264 9.1.1, H.265 9.2.2 */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
