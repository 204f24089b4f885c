import { expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { Report } from "../demo/once.ts";
import { have } from "../support/packages.ts";
import { root } from "../support/repository.ts";

const run = promisify(execFile);

const demo = (...args: readonly string[]) =>
  run(process.execPath, ["--conditions=source", "test/demo/main.ts", "--once", "--json", ...args], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
    },
  });

it("the headless demo does the whole job and reports it", async () => {
  const { stdout } = await demo();
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({
    ok: true,
    snapshotMs: expect.any(Number),
    backlogMs: expect.any(Number),
    firstSrtpPacketMs: { n: 11 },
    motionToHomeKitMs: { n: 20 },
    motionToNodeRedMs: { n: 20 },
    upstreamConnections: 1,
  });
  expect(report.accessUnits).toHaveLength(2);
  for (const units of report.accessUnits) expect(units).toBeGreaterThanOrEqual(25);
  if (have("ffmpeg")) expect(report.framesDecoded).toBeGreaterThanOrEqual(25);
  else expect(report).toMatchObject({ framesDecoded: null, decoder: null });
}, 180_000);

it("the headless demo names the step that failed, and exits with 1", async () => {
  const failed = demo("--data", "/dev/null/house");
  await expect(failed).rejects.toMatchObject({ code: 1 });
  const { stdout } = (await failed.catch((error: unknown) => error)) as { readonly stdout: string };
  expect(JSON.parse(stdout)).toEqual({ ok: false, step: "start the house", error: expect.stringContaining("ENOTDIR") });
});
