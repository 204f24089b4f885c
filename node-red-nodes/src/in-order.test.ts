import { describe, expect, it } from "@jest/globals";
import { silentLogger } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { InOrder } from "./in-order.ts";

/** A job that ends when it is told to. */
const job = (note: () => void) => {
  const end = Promise.withResolvers<undefined>();
  return {
    end: () => end.resolve(undefined),
    fail: () => end.reject(new Error("broken")),
    run: async () => {
      await end.promise;
      return note;
    },
  };
};
const turns = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
};

describe("InOrder", () => {
  it("delivers in the order of the questions, whichever answer comes first", async () => {
    const inOrder = new InOrder(3, silentLogger);
    const told: string[] = [];
    const [first, second, third] = ["first", "second", "third"].map((name) => job(() => void told.push(name)));
    for (const each of [first!, second!, third!]) expect(inOrder.start(each.run)).toBe(true);
    third!.end();
    second!.end();
    await turns();
    expect(told).toEqual([]);
    first!.end();
    await turns();
    expect(told).toEqual(["first", "second", "third"]);
  });

  it("starts no more than its limit, and more once some are done", async () => {
    const inOrder = new InOrder(1, silentLogger);
    const [first, second] = [job(() => undefined), job(() => undefined)];
    expect(inOrder.start(first.run)).toBe(true);
    expect(inOrder.start(second.run)).toBe(false);
    first.end();
    await turns();
    expect(inOrder.start(second.run)).toBe(true);
  });

  it("goes on after a job or a delivery that throws", async () => {
    const log = new MemoryLogger();
    const inOrder = new InOrder(3, log);
    const told: string[] = [];
    const broken = job(() => undefined);
    const thrower = job(() => {
      throw new Error("not taken");
    });
    const good = job(() => void told.push("good"));
    for (const each of [broken, thrower, good]) inOrder.start(each.run);
    broken.fail();
    thrower.end();
    good.end();
    await turns();
    expect(told).toEqual(["good"]);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(2);
  });
});
