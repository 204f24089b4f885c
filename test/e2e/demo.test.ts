import { expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { Report } from "../demo/once.ts";
import { have } from "../support/packages.ts";
import { root } from "../support/repository.ts";

const run = promisify(execFile);

it("the headless demo does the whole job and reports it", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=source", "test/demo/main.ts", "--once", "--json"], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
    },
  });
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
