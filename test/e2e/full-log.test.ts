import { expect, it } from "@jest/globals";
import type { Status } from "@gatehouse/shared";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { gatehouseJson } from "../support/gateway-process.ts";
import { root } from "../support/repository.ts";

it("the gateway goes on when its log cannot be written", async () => {
  const data = await mkdtemp(join(tmpdir(), "gatehouse-full-"));
  await writeFile(join(data, "config.json"), JSON.stringify({ listen: { port: 0 } }));
  // Linux's device that is always full.
  await using full = await open("/dev/full", "w");
  const main = join(root, "gateway-bridge/src/main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, "up", "--json", "--data", data], {
    stdio: ["ignore", "pipe", full.fd],
    env: { PATH: process.env["PATH"], HOME: data, GATEHOUSE_LOG: "debug" },
  });
  const ended = once(child, "exit");
  try {
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    expect(JSON.parse(line)).toHaveProperty("address");
    // Each request writes a line that has no room.
    for (let time = 0; time < 2; time += 1) {
      expect(((await gatehouseJson(data, ["status"])) as Status).audit.intact).toBe(true);
    }
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    await rm(data, { recursive: true });
  }
}, 60_000);
