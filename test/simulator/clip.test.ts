import { describe, expect, it } from "@jest/globals";
import { readdir, stat } from "node:fs/promises";

import { loadClip } from "./clip.ts";
import { nalType, nalType265 } from "./nal.ts";

describe.each(["main", "sub"] as const)("the %s clip", (name) => {
  it("has a key picture with parameter sets every two seconds, and one slice a picture", async () => {
    const { pictures } = await loadClip({ name, bitrateKbps: 0, overhead: 0 });
    expect(pictures).toHaveLength(150);
    pictures.forEach(({ nals, key }, index) => {
      expect(nals.map(nalType)).toEqual(index % 50 === 0 ? [7, 8, 5] : [1]);
      expect(key).toBe(index % 50 === 0);
    });
  });

  it("is Main profile without reordering", async () => {
    const { sps } = await loadClip({ name, bitrateKbps: 0, overhead: 0 });
    expect(sps[1]).toBe(77);
  });

  it.each([500, 4_000, 12_000])("is filled to %d kbit/s in every GOP", async (bitrateKbps) => {
    const overhead = 53;
    const { pictures } = await loadClip({ name, bitrateKbps, overhead });
    for (let start = 0; start < pictures.length; start += 50) {
      const bytes = pictures
        .slice(start, start + 50)
        .reduce((sum, { nals, filler }) => sum + overhead + filler + Buffer.concat(nals).length, 0);
      expect(Math.abs((bytes * 8) / 2_000 / bitrateKbps - 1)).toBeLessThan(0.02);
    }
  });

  it("is left as it is when the bit rate is too low for it", async () => {
    const { pictures } = await loadClip({ name, bitrateKbps: 10, overhead: 53 });
    expect(pictures.every(({ filler }) => filler === 0)).toBe(true);
  });
});

describe.each(["main", "sub"] as const)("the %s clip in H.265", (name) => {
  it("has a key picture with parameter sets every two seconds, and one slice a picture", async () => {
    const { pictures, vps } = await loadClip({ name, codec: "h265", bitrateKbps: 0, overhead: 0 });
    expect(pictures).toHaveLength(150);
    pictures.forEach(({ nals, key }, index) => {
      expect(nals.map(nalType265)).toEqual(index % 50 === 0 ? [32, 33, 34, 20] : [1]);
      expect(key).toBe(index % 50 === 0);
    });
    expect(vps).toEqual(pictures[0]?.nals[0]);
  });
});

it("keeps everything that is committed below two megabytes", async () => {
  const folder = new URL("clip/", import.meta.url);
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (file) => (await stat(new URL(file, folder))).size),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
});
