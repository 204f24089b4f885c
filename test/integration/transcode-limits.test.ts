import { expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import type { FfmpegProcess } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg-process.ts";
import { describeWith } from "../support/needs.ts";

const cancel = { signal: new AbortController().signal };
/** Reads until its input ends. */
const args = ["-f", "s16le", "-i", "pipe:0", "-f", "null", "-"];
const options = { onOutput: () => undefined, maxPending: 1_024 };

describeWith(["ffmpeg"], "What a box transcodes at once", () => {
  it("is bounded, so that no viewer of many cameras takes it all, and begins anew where something ended", async () => {
    await using running = new AsyncDisposableStack();
    const log = new MemoryLogger();
    const ffmpeg = Ffmpeg.create({ searchPath: "/usr/bin", unsandboxed: true, clock: systemClock, log });
    const start = async (work: "picture" | "sound"): Promise<FfmpegProcess> =>
      running.use(await ffmpeg.start(args, { work, ...options }, cancel));
    const first = await start("picture");
    for (let more = 1; more < 4; more += 1) await start("picture");
    await expect(start("picture")).rejects.toMatchObject({ code: "too-many-sessions", retry: "later" });
    await start("sound");
    await first[Symbol.asyncDispose]();
    await start("picture");
    await expect(start("picture")).rejects.toMatchObject({ code: "too-many-sessions" });
  });
});
