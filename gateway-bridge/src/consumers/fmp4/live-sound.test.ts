import { describe, expect, it } from "@jest/globals";

import { makeSound } from "../../media/testing/units.ts";
import { findBox } from "../../protocols/fmp4/testing/read-boxes.ts";
import { LiveSound } from "./live-sound.ts";

const frame = Buffer.from("fc0102", "hex");
const silence = Buffer.from("fcfffe", "hex");

interface Written {
  readonly at: number;
  readonly frames: readonly Buffer[];
}

const written = (fragments: readonly Buffer[]): readonly Written[] =>
  fragments.map((bytes) => {
    const data = findBox(bytes, "mdat").content;
    const frames = Array.from({ length: data.length / 3 }, (_, index) => data.subarray(3 * index, 3 * index + 3));
    return { at: Number(findBox(bytes, "moof", "traf", "tfdt").content.readBigUInt64BE(4)), frames };
  });

/** Sound beside pictures that began at 1 s. */
class Playing {
  readonly sound = new LiveSound({ kind: "audio", codec: "opus", timescale: 48_000, channels: 2 });

  constructor() {
    this.sound.keepUp(1_000, 0);
  }

  /** Times in ms. */
  hear(at: number, arrivedAt = at): readonly Written[] {
    return written(this.sound.take(makeSound({ timestamp: at * 48, arrivedAt, data: frame })));
  }

  see(at: number, arrivedAt = at): readonly Written[] {
    return written(this.sound.keepUp(at, arrivedAt));
  }
}

describe("LiveSound", () => {
  it("lays frame on frame, whatever their timestamps jitter by", () => {
    const playing = new Playing();
    const heard = [1_003, 1_019, 1_045, 1_061].flatMap((at) => playing.hear(at));
    expect(heard.map(({ at }) => at)).toEqual([48_000, 48_960, 49_920, 50_880]);
    expect(heard.every(({ frames }) => frames.length === 1 && frames[0]?.equals(frame))).toBe(true);
  });

  it("fills what was lost as soon as sound goes on", () => {
    const playing = new Playing();
    playing.hear(1_000);
    expect(playing.hear(1_120)).toEqual([
      { at: 48_960, frames: Array.from({ length: 5 }, () => silence) },
      { at: 53_760, frames: [frame] },
    ]);
  });

  it("waits half a second for sound that was just heard, and then fills for the picture's sake", () => {
    const playing = new Playing();
    playing.hear(1_000);
    expect(playing.see(1_500)).toEqual([]);
    const [filled] = playing.see(1_560);
    expect([filled?.at, filled?.frames.length]).toEqual([48_960, 22]);
    // What comes for that time after all is too late; what comes then is not.
    expect(playing.hear(1_100)).toEqual([]);
    expect(playing.hear(1_460)).toHaveLength(1);
  });

  it("does not wait where nothing was heard for a second", () => {
    const playing = new Playing();
    playing.hear(1_000);
    playing.see(1_600);
    const [filled] = playing.see(2_160, 2_160);
    expect(filled?.frames.every((data) => data.equals(silence))).toBe(true);
    expect(playing.see(2_200)).toHaveLength(1);
  });

  it("begins anew where the camera was away", () => {
    const playing = new Playing();
    playing.hear(1_000);
    expect(playing.see(60_000)).toEqual([]);
    expect(playing.hear(60_000)).toEqual([{ at: 60_000 * 48, frames: [frame] }]);
  });

  it("does not believe sound that claims to be far ahead of the picture", () => {
    const playing = new Playing();
    for (let at = 0; at < 1_000; at += 1) expect(playing.hear(12_000 + 5_000 * at)).toEqual([]);
    expect(playing.hear(1_000)).toHaveLength(1);
  });

  it("leaves out what is malformed", () => {
    const playing = new Playing();
    expect(playing.sound.take(makeSound({ timestamp: 48_000, data: Buffer.from("ff", "hex") }))).toEqual([]);
  });
});
