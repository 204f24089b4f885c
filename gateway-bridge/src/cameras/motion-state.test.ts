import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { Motion } from "../protocols/onvif/motion-policy.ts";
import { lostEndMs, MotionState, untoldEndMs } from "./motion-state.ts";

const setUp = () => {
  const clock = new TestClock();
  const heard: string[] = [];
  const tellsEnd = new Set<string>();
  const make = (): MotionState =>
    new MotionState({
      clock,
      tellsEnd,
      sink: ({ active, topic, reference }) => heard.push([active ? "on" : "off", topic, reference].join(" ").trim()),
    });
  return { clock, heard, make };
};
const say = (active: boolean, part = "a", reference?: string): Motion => ({
  active,
  part,
  topic: part,
  ...(reference !== undefined && { reference }),
});

describe("MotionState", () => {
  it("begins with the first part and ends with the last", () => {
    const { heard, make } = setUp();
    using state = make();
    for (const [active, part] of [[true, "a"], [true, "b"], [false, "a"], [true, "b"], [false, "b"]] as const) state.note(say(active, part)); // prettier-ignore
    expect(heard).toEqual(["on a", "off b"]);
  });

  it("does not end what never began", () => {
    const { heard, make } = setUp();
    using state = make();
    state.note(say(false));
    expect(heard).toEqual([]);
  });

  it("tells a new reference though it moves already, and an old one not", () => {
    const { heard, make } = setUp();
    using state = make();
    for (const reference of ["1", "1", "2"]) state.note(say(true, "a", reference));
    state.note(say(false, "a", "3"));
    expect(heard).toEqual(["on a 1", "on a 2", "off a 3"]);
  });

  it("ends by itself with cameras that never tell the end, counted from the last sign", async () => {
    const { clock, heard, make } = setUp();
    using state = make();
    state.note(say(true));
    await clock.advance(untoldEndMs - 1);
    state.note(say(true));
    await clock.advance(untoldEndMs - 1);
    expect(heard).toEqual(["on a"]);
    await clock.advance(1);
    expect(heard).toEqual(["on a", "off a"]);
  });

  it("waits for the end with cameras that were seen to tell it, and not for ever", async () => {
    const { clock, heard, make } = setUp();
    {
      using first = make();
      first.note(say(true));
      first.note(say(false));
    }
    using state = make();
    state.note(say(true));
    await clock.advance(lostEndMs - 1);
    expect(heard).toEqual(["on a", "off a", "on a"]);
    await clock.advance(1);
    expect(heard.at(-1)).toBe("off a");
  });

  it("ends when the camera is out of sight", () => {
    const { clock, heard, make } = setUp();
    const state = make();
    state.note(say(true, "a"));
    state.note(say(true, "b"));
    state[Symbol.dispose]();
    expect(heard).toEqual(["on a", "off b"]);
    expect(clock.pending).toBe(0);
    make()[Symbol.dispose]();
    expect(heard).toHaveLength(2);
  });

  it("follows 64 parts at most", () => {
    const { clock, make } = setUp();
    using state = make();
    for (let part = 0; part < 1_000; part += 1) state.note(say(true, String(part)));
    expect(clock.pending).toBe(64);
  });
});
