import { describe, expect, it } from "@jest/globals";

import { Slots } from "./slots.ts";

const never = { signal: new AbortController().signal };

describe("Slots", () => {
  it("lets so many go on, and the others in their order", async () => {
    const slots = new Slots({ slots: 2, waiting: 8 });
    const [first, second] = [await slots.take(never), await slots.take(never)];
    const order: number[] = [];
    const waiting = [3, 4].map(async (number) => {
      const slot = await slots.take(never);
      order.push(number);
      return slot;
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    first[Symbol.dispose]();
    const third = await waiting[0];
    expect(order).toEqual([3]);
    // A slot is given back once.
    first[Symbol.dispose]();
    await Promise.resolve();
    expect(order).toEqual([3]);
    second[Symbol.dispose]();
    third?.[Symbol.dispose]();
    (await waiting[1])?.[Symbol.dispose]();
    expect(order).toEqual([3, 4]);
  });

  it("lets no more wait than it should", async () => {
    const slots = new Slots({ slots: 1, waiting: 1 });
    const slot = await slots.take(never);
    const next = slots.take(never);
    await expect(slots.take(never)).rejects.toMatchObject({ code: "too-many-requests" });
    slot[Symbol.dispose]();
    (await next)[Symbol.dispose]();
  });

  it("passes over who gave up", async () => {
    const slots = new Slots({ slots: 1, waiting: 8 });
    const slot = await slots.take(never);
    const [leaving, reason] = [new AbortController(), new Error("enough")];
    const left = slots.take(leaving);
    const next = slots.take(never);
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    slot[Symbol.dispose]();
    (await next)[Symbol.dispose]();
    await expect(slots.take(leaving)).rejects.toBe(reason);
    (await slots.take(never))[Symbol.dispose]();
  });
});
