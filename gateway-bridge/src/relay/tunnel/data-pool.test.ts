import { afterEach, describe, expect, it } from "@jest/globals";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { PassThrough, type Duplex } from "node:stream";

import { DataPool, type DataPoolOptions } from "./data-pool.ts";

const open: DataPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) await pool[Symbol.asyncDispose]();
});

const start = (over: Partial<DataPoolOptions> = {}) => {
  const clock = new TestClock();
  const dialled: PassThrough[] = [];
  const taken: Duplex[] = [];
  const pool = DataPool.open({
    dial: async () => {
      const stream = new PassThrough();
      dialled.push(stream);
      return stream;
    },
    take: async (stream) => taken.push(stream) > 0,
    clock,
    log: new MemoryLogger(),
    random: () => 0.5,
    ...over,
  });
  open.push(pool);
  return { clock, dialled, taken, pool };
};

describe("DataPool", () => {
  it("dials nothing before somebody wants it, then as many as are wanted", async () => {
    const { clock, dialled, pool } = start();
    await clock.advance(60_000);
    expect(dialled).toHaveLength(0);
    pool.want(2);
    await clock.advance(0);
    expect([dialled.length, pool.waiting]).toEqual([2, 2]);
    await clock.advance(600_000);
    expect(dialled).toHaveLength(2);
  });

  it("puts another one in the place of one that is used, at once", async () => {
    const { clock, dialled, taken, pool } = start();
    pool.want(1);
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(0);
      dialled.at(-1)!.write("a channel");
    }
    await clock.advance(0);
    expect([dialled.length, taken.length, pool.waiting]).toEqual([6, 5, 1]);
  });

  it("ends what is too many, and dials no other for it", async () => {
    const { clock, dialled, pool, taken } = start();
    pool.want(3);
    await clock.advance(0);
    pool.want(1);
    await clock.advance(60_000);
    expect([pool.waiting, dialled.length, dialled.filter(({ destroyed }) => destroyed).length]).toEqual([1, 3, 2]);
    expect(taken).toEqual([]);
  });

  it("comes ever more slowly to a relay that ends what waits", async () => {
    const { clock, dialled, pool, taken } = start();
    pool.want(8);
    for (let second = 0; second < 600; second += 1) {
      for (const stream of dialled) if (!stream.destroyed) stream.end();
      await clock.advance(1_000);
    }
    // Eight at a time at most, after pauses of half a minute in the end.
    expect(dialled.length).toBeLessThan(8 * 26);
    expect(dialled.length).toBeGreaterThan(8 * 5);
    expect(taken).toEqual([]);
  });

  it("comes ever more slowly to a relay whose channels are refused", async () => {
    const { clock, dialled, pool } = start({
      take: async (stream) => {
        stream.destroy();
        return false;
      },
    });
    pool.want(1);
    for (let second = 0; second < 600; second += 1) {
      for (const stream of dialled) if (!stream.destroyed) stream.write("nonsense");
      await clock.advance(1_000);
    }
    expect(dialled.length).toBeLessThan(30);
  });

  it("ends what waits when it is disposed of", async () => {
    const { clock, dialled, pool } = start();
    pool.want(2);
    await clock.advance(0);
    await pool[Symbol.asyncDispose]();
    expect(dialled.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    expect(clock.pending).toBe(0);
  });
});
