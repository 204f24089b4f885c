import { describe, expect, it } from "@jest/globals";
import { Readable } from "node:stream";

import { readAtMost } from "./read-at-most.ts";

describe("readAtMost", () => {
  it("gives all of it, where that is not too much", async () => {
    expect(await readAtMost(Readable.from([Buffer.from("four"), Buffer.from("five")]), 8)).toBe("fourfive");
    expect(await readAtMost(Readable.from([]), 8)).toBe("");
  });

  it("reads no further than it has to", async () => {
    let asked = 0;
    const endless = new Readable({
      highWaterMark: 0,
      read() {
        asked += 1;
        this.push(Buffer.alloc(1_000));
      },
    });
    expect(await readAtMost(endless, 10_000)).toBeUndefined();
    expect([asked < 20, endless.destroyed]).toEqual([true, true]);
  });
});
