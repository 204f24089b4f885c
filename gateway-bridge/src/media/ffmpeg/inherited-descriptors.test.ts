import { describe, expect, it } from "@jest/globals";
import { closeSync, openSync } from "node:fs";

import { inheritableDescriptors, pipesAlone } from "./inherited-descriptors.ts";

describe("pipesAlone", () => {
  it("covers what a program would be handed, and leaves out what closes by itself", () => {
    expect(pipesAlone([])).toEqual(["pipe", "pipe", "pipe"]);
    expect(pipesAlone([6, 4])).toEqual([
      "pipe",
      "pipe",
      "pipe",
      "ignore",
      expect.any(Number),
      "ignore",
      expect.any(Number),
    ]);
  });
});

describe("inheritableDescriptors", () => {
  it("does not count Node's own", () => {
    const before = inheritableDescriptors();
    const file = openSync("/dev/null", "r");
    try {
      expect(inheritableDescriptors()).toEqual(before);
      expect(before).not.toContain(file);
    } finally {
      closeSync(file);
    }
  });
});
