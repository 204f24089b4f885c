import { adtsHeaderSize, readAdts } from "./adts.ts";
import type { AacConfig } from "./audio-specific-config.ts";

/** One access unit of an ADTS stream. */
export interface AdtsUnit {
  readonly config: AacConfig;
  readonly data: Buffer;
}

/**
 * Cuts an ADTS stream that comes in pieces of any size into access units, which are copies. What is no frame is passed over and
 * counted. Holds less than one frame and the piece at hand. Never throws.
 */
export class AdtsSplitter {
  #held: Buffer = Buffer.alloc(0);
  #skipped = 0;

  /** Bytes that were no part of a frame. */
  get skipped(): number {
    return this.#skipped;
  }

  push(piece: Buffer): readonly AdtsUnit[] {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const units: AdtsUnit[] = [];
    let at = 0;
    while (at + adtsHeaderSize <= bytes.length) {
      const header = readAdts(bytes, at);
      if (header === undefined) {
        at = this.#skip(bytes, at);
        continue;
      }
      const end = at + header.frameSize;
      if (end > bytes.length) break;
      units.push({ config: header.config, data: Buffer.from(bytes.subarray(at + header.size, end)) });
      at = end;
    }
    this.#held = Buffer.from(bytes.subarray(at));
    return units;
  }

  /** Up to where a frame may begin: every frame's first byte is 0xff. */
  #skip(bytes: Buffer, from: number): number {
    const next = bytes.indexOf(0xff, from + 1);
    const at = next < 0 ? bytes.length : next;
    this.#skipped += at - from;
    return at;
  }
}
