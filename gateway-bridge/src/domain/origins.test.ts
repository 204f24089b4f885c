import { describe, expect, it } from "@jest/globals";

import { namedOrigins, Origins } from "./origins.ts";

describe("Origins", () => {
  it("tells each block with its number, and nothing where there is none", () => {
    const origins = new Origins();
    expect(origins.text).toBe("");
    for (const peer of ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "2001:db8::2", "192.0.2.9"]) origins.add(peer);
    expect(origins.text).toBe("; from 192.0.2.7 (2), 2001:db8:0:0 (2), 192.0.2.9 (1)");
    origins.clear();
    expect(origins.text).toBe("");
  });

  it("stays short whatever comes from wherever, and loses none", () => {
    const origins = new Origins();
    for (let index = 0; index < 10_000; index += 1) {
      origins.add(`2001:db8:${(index % 500).toString(16)}:ffff:ffff:ffff:ffff:ffff`);
    }
    const counts = [...origins.text.matchAll(/\((\d+)\)/g)].map(([, count]) => Number(count));
    expect(counts).toHaveLength(namedOrigins + 1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000);
    expect(origins.text.length).toBeLessThan(300);
    expect(origins.text).toContain("elsewhere (9840)");
  });
});
