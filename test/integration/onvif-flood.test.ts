/** A camera that answers with 200 MB: what is read of it, as the camera counts, and what it costs. */
import { describe, expect, it } from "@jest/globals";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { FloodingCamera, type FloodingOptions } from "../support/flooding-camera.ts";
import type { AskerReport } from "../support/onvif-asker.ts";

const answerBytes = 200_000_000;
const asker = fileURLToPath(new URL("../support/onvif-asker.ts", import.meta.url));

const ask = async (camera: FloodingCamera, question: "users" | "log"): Promise<AskerReport> => {
  const child = fork(asker, [camera.url.href, question], {
    execArgv: ["--conditions=source", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const gone = once(child, "exit");
  const [report] = (await once(child, "message")) as [AskerReport];
  await gone;
  return report;
};

const flooding = (options: Omit<FloodingOptions, "bytes">): Promise<FloodingCamera> =>
  FloodingCamera.open({ bytes: answerBytes, ...options });

describe("an answer of 200 MB", () => {
  it.each<["users" | "log", number]>([
    ["users", 1 << 20],
    ["log", 8 << 20],
  ])(
    "to a question about %s is read to its limit and at most 64 KiB further",
    async (question, limit) => {
      await using camera = await flooding({ announced: false, counts: true });
      expect(await ask(camera, question)).toMatchObject({ outcome: "camera-answer-too-large" });
      await camera.over;
      expect(camera.sent).toBeGreaterThan(limit);
      expect(camera.sent).toBeLessThanOrEqual(limit + (64 << 10));
    },
    60_000,
  );

  it("that says how long it is is not read at all", async () => {
    await using camera = await flooding({ announced: true, counts: true });
    expect(await ask(camera, "users")).toMatchObject({ outcome: "camera-answer-too-large" });
    await camera.over;
    expect(camera.sent).toBeLessThanOrEqual(64 << 10);
  }, 60_000);

  it("that comes as fast as it can costs no more than 32 MB of memory", async () => {
    await using camera = await flooding({ announced: false, counts: false });
    const { outcome, grown } = await ask(camera, "users");
    expect(outcome).toBe("camera-answer-too-large");
    expect(grown).toBeLessThanOrEqual(32_000_000);
    await camera.over;
    expect(camera.drained).toBe(false);
  }, 60_000);
});
