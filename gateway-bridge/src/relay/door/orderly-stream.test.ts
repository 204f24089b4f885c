import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { duplexPair, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";

import { OrderlyStream } from "./orderly-stream.ts";
import { until } from "./testing/door-world.ts";

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
    let sent = 0;
    const send = (): void => {
      while (sent < 256 && theirs.write(Buffer.alloc(16 << 10))) sent += 1;
    };
    theirs.on("drain", send);
    orderly.once("readable", () => undefined);
    send();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(orderly.readableLength).toBeGreaterThan(0);
    expect(orderly.readableLength).toBeLessThan(256 << 10);
    orderly.removeAllListeners("readable").resume();
    await until("all is read", () => sent === 256);
  });

  it("takes no more than the other side does", async () => {
    const { orderly, theirs } = open();
    let written = 0;
    for (let piece = 0; piece < 64; piece += 1) orderly.write(Buffer.alloc(16 << 10), () => (written += 1));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(16);
    theirs.resume();
    orderly.end();
    await once(orderly, "finish");
    expect(written).toBe(64);
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
