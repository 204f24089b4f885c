import { describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { setImmediate as turn } from "node:timers/promises";

import { FfmpegProcess, type FfmpegProcessOptions } from "./ffmpeg-process.ts";

const script = (text: string): readonly string[] => ["/bin/sh", "-c", text];

const start = (command: readonly string[], options: Partial<FfmpegProcessOptions> = {}): FfmpegProcess =>
  new FfmpegProcess({ command, onOutput: () => undefined, maxPending: 65_536, clock: systemClock, ...options });

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
