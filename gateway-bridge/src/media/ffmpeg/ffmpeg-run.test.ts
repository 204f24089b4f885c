import { describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";

import { FfmpegRun, runFfmpeg } from "./ffmpeg-run.ts";

const cancel = { signal: new AbortController().signal };
const script = (text: string): readonly string[] => ["/bin/sh", "-c", text];

const run = (
  command: readonly string[],
  options: Partial<Parameters<typeof runFfmpeg>[0]> = {},
  within = cancel,
): Promise<string> =>
  runFfmpeg(
    { command, input: Buffer.alloc(0), maxOutput: 1_000_000, ms: 60_000, clock: systemClock, ...options },
    within,
  ).then((output) => output.toString("latin1"));

describe("runFfmpeg", () => {
  it("gives a program its input, and its output back", async () => {
    const input = Buffer.alloc(500_000, "x");
    await expect(run(["/bin/cat"], { input })).resolves.toHaveLength(500_000);
  });

  it("hands down nothing of the gateway's environment, nor its folder", async () => {
    await expect(run(["/usr/bin/env"])).resolves.toBe("");
    await expect(run(["/bin/pwd"])).resolves.toBe("/\n");
  });

  it("tells how it failed, with its last words", async () => {
    const command = script("echo 'first' >&2; echo 'no such codec' >&2; exit 3");
    const message = "ffmpeg ended with status 3: first no such codec";
    await expect(run(command)).rejects.toMatchObject({ code: "transcode-failed", message });
    const killed = "ffmpeg ended with SIGTERM.";
    await expect(run(script("kill $$"))).rejects.toMatchObject({ code: "transcode-failed", message: killed });
  });

  it("fails where the program is missing", async () => {
    const missing = { code: "transcode-failed", message: expect.stringContaining("could not be started") };
    await expect(run(["/nowhere/ffmpeg"])).rejects.toMatchObject(missing);
  });

  it("ends one that writes without end", async () => {
    const flood = { code: "transcode-failed", message: "ffmpeg's output cannot be read." };
    await expect(run(script("yes"))).rejects.toMatchObject(flood);
  });

  it("ends one that takes too long, or is not wanted any longer", async () => {
    await expect(run(script("sleep 60"), { ms: 20 })).rejects.toMatchObject({ code: "timeout" });
    const leaving = new AbortController();
    const left = run(script("sleep 60"), {}, { signal: leaving.signal });
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
  });
});

describe("FfmpegRun", () => {
  it("waits for its work, and tells when it has ended", async () => {
    await using run = new FfmpegRun({ command: ["/bin/cat"], maxOutput: 10, clock: systemClock });
    expect(run.ended).toBe(false);
    await expect(run.finish({ input: Buffer.from("picture"), ms: 60_000 }, cancel)).resolves.toEqual(
      Buffer.from("picture"),
    );
    expect(run.ended).toBe(true);
  });

  it("ends without any work when it is disposed of", async () => {
    const run = new FfmpegRun({ command: ["/bin/cat"], maxOutput: 10, clock: systemClock });
    await run[Symbol.asyncDispose]();
    expect(run.ended).toBe(true);
  });
});
