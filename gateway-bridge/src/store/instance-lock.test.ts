import { expect, it } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { InstanceLock } from "./instance-lock.ts";

const within = async (test: (folder: string) => void): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-lock-"));
  try {
    test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

it("keeps a second gateway off the folder until the first is gone", () =>
  within((folder) => {
    const path = join(folder, "gateway.lock");
    const first = InstanceLock.open(path);
    expect(() => InstanceLock.open(path)).toThrow(expect.objectContaining({ code: "gateway-running" }));
    first[Symbol.dispose]();
    InstanceLock.open(path)[Symbol.dispose]();
  }));

it("says that a folder cannot be used", () =>
  within((folder) => {
    expect(() => InstanceLock.open(join(folder, "none", "gateway.lock"))).toThrow(
      expect.objectContaining({ code: "data-folder", message: expect.stringContaining("ENOENT") }),
    );
  }));
