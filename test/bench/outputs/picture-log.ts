import { readStamp } from "../../simulator/stamp.ts";
import type { Received } from "./output.ts";

/** Keeps account of the stamped pictures that a viewer got. */
export class PictureLog {
  #pictures = 0;
  #missing = 0;
  #last: number | undefined;

  /** One picture's NAL units without start codes. */
  add(nals: readonly Buffer[]): void {
    const stamp = readStamp(nals);
    if (stamp === undefined) throw new Error("a picture came without its stamp");
    this.#pictures += 1;
    if (this.#last !== undefined) this.#missing += Math.abs(stamp.frame - this.#last - 1);
    this.#last = stamp.frame;
  }

  /** Missing are those that were left out between others, or came out of order. */
  get received(): Received {
    return { pictures: this.#pictures, missing: this.#missing };
  }
}
