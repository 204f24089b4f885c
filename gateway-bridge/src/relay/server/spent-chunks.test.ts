import { describe, expect, it } from "@jest/globals";

import { SpentChunks } from "./spent-chunks.ts";

const chunkOf = (bytes: number): Buffer => Buffer.from(new ArrayBuffer(bytes));

describe("SpentChunks", () => {
  it("gives back the memory of each chunk when that one was written, in their order", () => {
    const spent = new SpentChunks();
    const [first, second, third] = [chunkOf(16), chunkOf(16), chunkOf(16)];
    for (const chunk of [first, second]) spent.add(chunk);
    spent.written();
    expect([first.length, second.length]).toEqual([0, 16]);
    spent.add(third);
    spent.written();
    expect([second.length, third.length]).toEqual([0, 16]);
    spent.written();
    expect(third.length).toBe(0);
  });

  it("leaves a chunk that is a part of something larger", () => {
    const spent = new SpentChunks();
    const whole = new ArrayBuffer(16);
    spent.add(Buffer.from(whole, 4));
    spent.add(Buffer.from(whole, 0, 8));
    spent.written();
    spent.written();
    expect(whole.byteLength).toBe(16);
  });

  it("does nothing when told of more than it has", () => {
    const spent = new SpentChunks();
    spent.written();
    const chunk = chunkOf(4);
    spent.add(chunk);
    spent.written();
    expect(chunk.length).toBe(0);
  });
});
