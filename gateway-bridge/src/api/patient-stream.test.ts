import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";

import { patientStream } from "./patient-stream.ts";

const chunk = (fill: number): Buffer => Buffer.alloc(200_000, fill);

describe("A stream that is read at its reader's pace", () => {
  it("brings all of it, in order, however slow the reader is", async () => {
    const clock = new TestClock();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield* [chunk(1), chunk(2)];
    }
    const read: Buffer[] = [];
    for await (const piece of patientStream(chunks(), clock, 1_000) as AsyncIterable<Buffer>) {
      read.push(piece);
      await clock.advance(999);
    }
    expect(Buffer.concat(read).equals(Buffer.concat([chunk(1), chunk(2)]))).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("lets a reader go that takes nothing, and what it would have read with it", async () => {
    const clock = new TestClock();
    let left = false;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield chunk(1);
      } finally {
        left = true;
      }
    }
    const body = patientStream(chunks(), clock, 1_000);
    await once(body, "readable");
    const failed = once(body, "error");
    await clock.advance(1_000);
    await expect(failed).resolves.toMatchObject([{ code: "timeout" }]);
    await clock.advance(0);
    expect([left, clock.pending]).toEqual([true, 0]);
  });

  it("waits for ever for what is not there yet", async () => {
    const clock = new TestClock();
    const more = Promise.withResolvers<undefined>();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      await more.promise;
      yield Buffer.from("late");
    }
    const body = patientStream(chunks(), clock, 1_000);
    const read = body.toArray();
    await clock.advance(60_000);
    more.resolve(undefined);
    expect(Buffer.concat((await read) as Buffer[]).toString()).toBe("late");
  });
});
