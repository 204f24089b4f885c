import { describe, expect, it } from "@jest/globals";
import { PassThrough, pipeline } from "node:stream";

import { countReceived } from "./count-received.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("countReceived", () => {
  it("sets nothing flowing by itself", async () => {
    const stream = new PassThrough();
    const received = countReceived(stream);
    stream.write("abc");
    await turn();
    expect([received(), stream.readableFlowing]).toEqual([0, null]);
  });

  it.each<[string, (stream: PassThrough, into: Buffer[]) => void]>([
    ["a listener", (stream, into) => stream.on("data", (chunk: Buffer) => into.push(chunk))],
    ["a pipe", (stream, into) => void stream.pipe(new PassThrough()).on("data", (chunk: Buffer) => into.push(chunk))],
    [
      "a pipeline",
      (stream, into) =>
        void pipeline(stream, new PassThrough(), () => undefined).on("data", (chunk: Buffer) => into.push(chunk)),
    ],
  ])("counts what %s reads, which misses none of it", async (_, read) => {
    const stream = new PassThrough();
    const received = countReceived(stream);
    stream.write("before");
    await turn();
    const into: Buffer[] = [];
    read(stream, into);
    stream.write("after");
    stream.end();
    await turn();
    await turn();
    expect(Buffer.concat(into).toString()).toBe("beforeafter");
    expect(received()).toBe(11);
  });
});
