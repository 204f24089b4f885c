import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { duplexPair, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";

import { OrderlyStream } from "./orderly-stream.ts";

const lingerMs = 1_000;
const open = (): { clock: TestClock; orderly: OrderlyStream; ours: Duplex; theirs: Duplex } => {
  const clock = new TestClock();
  const [ours, theirs] = duplexPair();
  return { clock, orderly: new OrderlyStream(ours, { clock, lingerMs }), ours, theirs };
};
/** Says its last word, and is destroyed as TLS does it. */
const sayLast = async (orderly: OrderlyStream, words: string): Promise<void> => {
  orderly.end(words);
  await once(orderly, "finish");
  orderly.destroy();
  await once(orderly, "close");
};

describe("an orderly stream", () => {
  it("carries bytes both ways, and each direction's end", async () => {
    const { orderly, theirs } = open();
    const large = Buffer.alloc(1 << 20, "x");
    orderly.end(large);
    theirs.end(large);
    const [there, here] = await Promise.all([buffer(theirs), buffer(orderly)]);
    expect([there.equals(large), here.equals(large)]).toEqual([true, true]);
  });

  it("reads no further than its reader", async () => {
    const { orderly, theirs } = open();
    let accepted = 0;
    while (accepted < 64 && theirs.write(Buffer.alloc(16 << 10))) accepted += 1;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(theirs.writableNeedDrain).toBe(true);
    expect(orderly.readableLength).toBeLessThan(256 << 10);
    const drained = once(theirs, "drain");
    orderly.resume();
    await drained;
  });

  it("leaves what was said and ended to the other side to take, and ends with it", async () => {
    const { clock, orderly, ours, theirs } = open();
    const taken = buffer(theirs);
    await sayLast(orderly, "the end");
    expect(ours.destroyed).toBe(false);
    // Nobody is there to hear it.
    theirs.write(Buffer.alloc(1 << 20));
    expect((await taken).toString()).toBe("the end");
    const closed = once(ours, "close");
    theirs.end();
    await closed;
    expect(clock.pending).toBe(0);
  });

  it("does not wait for the other side for good", async () => {
    const { clock, orderly, ours, theirs } = open();
    theirs.resume();
    await sayLast(orderly, "the end");
    await clock.advance(lingerMs - 1);
    expect(ours.destroyed).toBe(false);
    await clock.advance(1);
    expect(ours.destroyed).toBe(true);
  });

  it("breaks off at once where it is destroyed before its end, or for a reason", async () => {
    const first = open();
    first.orderly.write("half a word");
    first.orderly.destroy();
    expect(first.ours.destroyed).toBe(true);
    const second = open();
    second.theirs.resume();
    second.orderly.on("error", () => undefined);
    second.orderly.end("all words");
    await once(second.orderly, "finish");
    second.orderly.destroy(new Error("revoked"));
    expect(second.ours.destroyed).toBe(true);
  });

  it("ends with what carries it", async () => {
    const { orderly, ours } = open();
    const closed = once(orderly, "close");
    ours.destroy();
    await closed;
  });
});
