import { splitAnnexB } from "../simulator/nal.ts";
import { readStamp, type Stamp } from "../simulator/stamp.ts";

const startCode = Buffer.of(0, 0, 1);

/** Reads the simulator's stamps out of a byte stream (ITU-T H.264 Annex B) that comes in pieces. */
export class StampReader {
  /** In order of arrival. */
  readonly stamps: Stamp[] = [];
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    // What follows the last start code may go on in the next piece.
    const end = bytes.lastIndexOf(startCode);
    if (end <= 0) {
      this.#rest = bytes;
      return;
    }
    this.#rest = bytes.subarray(end);
    for (const nal of splitAnnexB(bytes.subarray(0, end))) {
      const stamp = readStamp([nal]);
      if (stamp !== undefined) this.stamps.push(stamp);
    }
  }
}
