import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { Intake } from "./intake.ts";

/** An intake with what it gave, as `text@time`. */
const record = (): {
  readonly intake: Intake;
  readonly taken: string[];
  readonly read: (text: string, at: number) => void;
} => {
  const taken: string[] = [];
  const intake = new Intake((bytes, at) => taken.push(`${bytes.toString("latin1")}@${at}`));
  const read = (text: string, at: number): void => intake.received(intake.room.write(text, "latin1"), at);
  return { intake, taken, read };
};

describe("Intake", () => {
  it("takes what comes at once while somebody waits for it", () => {
    const { taken, read } = record();
    read("a", 1);
    expect(taken).toEqual(["a@1"]);
    read("bc", 2);
    expect(taken).toEqual(["a@1", "bc@2"]);
  });

  it("takes it later while nobody does, each reading with the time of its arrival", () => {
    const { intake, taken, read } = record();
    intake.awaited = false;
    read("a", 1_000);
    read("bc", 1_040);
    read("d", 1_499);
    expect(taken).toEqual([]);
    read("e", 1_500);
    expect(taken).toEqual(["a@1000", "bc@1040", "d@1499", "e@1500"]);
    read("f", 1_501);
    expect(taken).toHaveLength(4);
  });

  it("takes what waits as soon as somebody waits for it", () => {
    const { intake, taken, read } = record();
    intake.awaited = false;
    read("a", 1);
    intake.awaited = true;
    expect(taken).toEqual(["a@1"]);
    read("b", 2);
    expect(taken).toEqual(["a@1", "b@2"]);
  });

  it("takes what waits before there is no room for another reading", () => {
    let taken = 0;
    let calls = 0;
    const intake = new Intake((bytes) => {
      taken += bytes.length;
      calls += 1;
    });
    intake.awaited = false;
    for (let reading = 1; taken === 0; reading += 1) {
      expect(intake.room).toHaveLength(65_536);
      intake.received(65_536, 0);
      expect(reading).toBeLessThan(5);
    }
    expect([taken, calls]).toEqual([262_144, 4]);
  });

  it("takes nothing twice where whoever takes asks for more", () => {
    const taken: string[] = [];
    const intake: Intake = new Intake((bytes) => {
      taken.push(bytes.toString("latin1"));
      intake.awaited = true;
      intake.drain();
    });
    intake.awaited = false;
    for (const text of ["a", "b", "c"]) intake.received(intake.room.write(text), 0);
    intake.awaited = true;
    expect(taken).toEqual(["a", "b", "c"]);
  });

  it("lets the rest go when what it takes cannot be read, and says so", () => {
    const taken: string[] = [];
    const intake = new Intake((bytes) => {
      if (bytes.toString() === "bad") throw new Error("not RTSP");
      taken.push(bytes.toString());
    });
    intake.awaited = false;
    for (const text of ["good", "bad", "lost"]) intake.received(intake.room.write(text), 0);
    expect(() => (intake.awaited = true)).toThrow("not RTSP");
    intake.received(intake.room.write("next"), 0);
    expect(taken).toEqual(["good", "next"]);
  });

  it("hands on every byte once and in order, never later than half a second after it came while more comes", () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 65_536 }), ms: fc.nat(300), awaited: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let [now, given, taken, oldest] = [0, 0, 0, 0];
        const arrivals: number[] = [];
        const intake = new Intake((bytes, at) => {
          expect(bytes.every((byte, index) => index % 4_096 !== 0 || byte === ((taken + index) & 0xff))).toBe(true);
          expect(at).toBe(arrivals.shift());
          oldest = Math.max(oldest, now - at);
          taken += bytes.length;
        });
        for (const { size, ms, awaited } of steps) {
          now += ms;
          // As a socket has it: the room is there before anything comes, and whoever waits comes and goes meanwhile.
          const { room } = intake;
          intake.awaited = !awaited;
          intake.awaited = awaited;
          for (let index = 0; index < size; index += 4_096) room[index] = (given + index) & 0xff;
          given += size;
          arrivals.push(now);
          intake.received(size, now);
        }
        intake.drain();
        expect(taken).toBe(given);
        expect(oldest).toBeLessThan(500 + 300);
      }),
      { numRuns: 100 },
    );
  });
});
