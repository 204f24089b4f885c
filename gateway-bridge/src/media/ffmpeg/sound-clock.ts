/** Farther off than this, sound would be heard beside its picture. ITU-R BT.1359 */
const toleranceMs = 100;
/** Breaks between input and output; the output is far less behind than that. */
const mostMarks = 64;

interface Mark {
  /** From here on, in ms of sound that went in. */
  readonly from: number;
  /** Added to ms of sound to have ms of media time. */
  readonly shift: number;
}

/**
 * Gives back their place in time to samples that come out of a transcoder, which only counts them. Where the input's
 * timestamps leave the count (packets were lost, the camera began anew), the output's follow at the same sample.
 */
export class SoundClock {
  #marks: readonly Mark[] = [];
  #entered = 0;

  /** Sound of `duration` ms goes in, which belongs at `at` ms of media time. */
  enter(at: number, duration: number): void {
    const expected = this.#entered + (this.#marks.at(-1)?.shift ?? Infinity);
    if (Math.abs(at - expected) > toleranceMs)
      this.#marks = [...this.#marks.slice(1 - mostMarks), { from: this.#entered, shift: at - this.#entered }];
    this.#entered += duration;
  }

  /** Ms of media time of the sample that comes out `position` ms after the first one; undefined before any went in. */
  leave(position: number): number | undefined {
    while (this.#marks[1] !== undefined && this.#marks[1].from <= position) this.#marks = this.#marks.slice(1);
    const [mark] = this.#marks;
    return mark === undefined ? undefined : position + mark.shift;
  }
}
