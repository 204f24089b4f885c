import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { Duplex, PassThrough } from "node:stream";

import { ByteBudget } from "./byte-budget.ts";
import { Flow } from "./flow.ts";

/** Takes what it is written only when it is told to. */
const slowSink = () => {
  const waiting: (() => void)[] = [];
  const sink = new Duplex({
    highWaterMark: 4,
    read: () => undefined,
    write: (_chunk, _encoding, done) => void waiting.push(done),
  });
  return { sink, takeAll: () => waiting.splice(0).forEach((done) => done()) };
};

const open = () => {
  const clock = new TestClock();
  const source = new PassThrough();
  const { sink, takeAll } = slowSink();
  const flow = new Flow({ source, sink, clock, budget: new ByteBudget(1_000_000, clock) });
  flow.start();
  return { clock, source, sink, takeAll, flow };
};

/** Writes what is too much for the other side. */
const pausing = async (source: PassThrough, text: string): Promise<void> => {
  const paused = once(source, "pause");
  source.write(text);
  await paused;
};

describe("Flow", () => {
  it("reads no more while the other side takes nothing, and counts how long that was", async () => {
    const { clock, source, sink, takeAll, flow } = open();
    await pausing(source, "twelve bytes");
    expect([flow.bytes, flow.stalledMs]).toEqual([12, 0]);
    await clock.advance(700);
    expect(flow.stalledMs).toBe(700);
    const drained = once(sink, "drain");
    takeAll();
    await drained;
    await clock.advance(5_000);
    expect([flow.stalledMs, source.isPaused()]).toEqual([700, false]);
    await pausing(source, "and as many");
    await clock.advance(300);
    expect([flow.bytes, flow.stalledMs]).toEqual([23, 1_000]);
  });
});
