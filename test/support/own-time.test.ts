import { describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";

import { OwnTime } from "./own-time.ts";

describe("time as a process had it", () => {
  it("goes on with the process, and no faster than that of all others", async () => {
    using time = new OwnTime();
    const [own, all] = [time.now(), performance.now()];
    await time.pass(300);
    const passed = time.now() - own;
    expect(passed).toBeGreaterThanOrEqual(300);
    expect(performance.now() - all).toBeGreaterThanOrEqual(passed);
  });

  it("is that of the work where the process has worked for long", () => {
    using time = new OwnTime();
    const { user, system } = process.threadCpuUsage();
    const own = time.now();
    const worked = (): number => {
      const now = process.threadCpuUsage();
      return (now.user + now.system - user - system) / 1_000;
    };
    while (worked() < 200) continue;
    expect(time.now() - own).toBeGreaterThan(190);
  });

  it("stands nearly still while the process does", () => {
    using time = new OwnTime();
    const [own, all] = [time.now(), performance.now()];
    spawnSync("sleep", ["0.5"]);
    expect(time.now() - own).toBeLessThan((performance.now() - all) / 2);
  });
});
