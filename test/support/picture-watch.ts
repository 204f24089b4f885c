import { readStamp } from "../simulator/stamp.ts";

/** What one viewer of a stamped camera gets, whatever the way out. */
export class PictureWatch {
  /** Numbers of the stamped pictures, in order of arrival. */
  readonly frames: number[] = [];
  /** Pictures, stamped or not: a transcoder leaves no stamp. */
  pictures = 0;
  /** Cameras that pictures came from. */
  readonly cameras = new Set<string>();
  /** Times that a picture's time was before that of the one before. */
  steppedBack = 0;
  /** Why nothing more comes; undefined while it does. */
  ended: string | undefined;
  #time = -Infinity;

  /** @param time in ticks of whatever clock, unwrapped */
  add(nals: readonly Buffer[], time: number): void {
    this.pictures += 1;
    if (time < this.#time) this.steppedBack += 1;
    this.#time = time;
    const stamp = readStamp(nals);
    if (stamp === undefined) return;
    this.frames.push(stamp.frame);
    this.cameras.add(stamp.camera);
  }

  /** Stamped pictures that were left out between others, or came out of order or twice. */
  get missing(): number {
    return this.frames.reduce(
      (sum, frame, index) => sum + Math.abs(frame - (this.frames[index - 1] ?? frame - 1) - 1),
      0,
    );
  }
}

/** Makes a 32-bit counter of ever-growing numbers, small steps back apart. */
export const unwrapper = (): ((value: number) => number) => {
  let last: number | undefined;
  return (value) => {
    last = last === undefined ? value : last + ((value - last) | 0);
    return last;
  };
};
