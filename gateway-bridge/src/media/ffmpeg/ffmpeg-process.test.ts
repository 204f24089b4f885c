import { describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { setImmediate as turn } from "node:timers/promises";

import { FfmpegProcess, runFfmpeg, type FfmpegProcessOptions, type RunOptions } from "./ffmpeg-process.ts";

const cancel = { signal: new AbortController().signal };
const script = (text: string): readonly string[] => ["/bin/sh", "-c", text];

const start = (command: readonly string[], options: Partial<FfmpegProcessOptions> = {}): FfmpegProcess =>
  new FfmpegProcess({ command, onOutput: () => undefined, maxPending: 65_536, clock: systemClock, ...options });

const run = (command: readonly string[], options: Partial<RunOptions> = {}, within = cancel): Promise<string> =>
  runFfmpeg(
    { command, input: Buffer.alloc(0), maxOutput: 1_000_000, ms: 10_000, clock: systemClock, ...options },
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

describe("FfmpegProcess", () => {
  it("is full while more waits than may, and tells when all was read", async () => {
    const { promise: room, resolve: onRoom } = Promise.withResolvers<undefined>();
    await using slow = start(script("read line; cat >/dev/null"), { onRoom: () => onRoom(undefined) });
    expect(slow.write(Buffer.alloc(1_000, "x"))).toBe(true);
    while (slow.write(Buffer.alloc(65_536, "x")));
    expect(slow.full).toBe(true);
    slow.write(Buffer.from("\n"));
    await room;
    expect(slow.full).toBe(false);
  });

  it("takes what is written to one that is gone, and leaves it out", async () => {
    await using gone = start(["/bin/true"]);
    await gone.exited;
    expect(gone.write(Buffer.alloc(1_000_000))).toBe(true);
    expect(gone.full).toBe(false);
  });

  it("is killed with all that it started, where it does not end by itself", async () => {
    const clock = new TestClock();
    const pieces: Buffer[] = [];
    const stubborn = start(script("trap '' TERM HUP; echo ready; sleep 60 & wait"), {
      clock,
      onOutput: (piece) => pieces.push(piece),
    });
    while (pieces.length === 0) await turn();
    const disposed = stubborn[Symbol.asyncDispose]();
    await clock.advance(1_000);
    await disposed;
    // Its pipes are closed only when the `sleep` that inherited them is gone too.
    await expect(stubborn.exited).resolves.toMatchObject({ error: { message: "ffmpeg ended with SIGKILL." } });
  });
});
