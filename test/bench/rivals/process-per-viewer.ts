import { have } from "../../support/packages.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";
import { ffmpegPath, versionOf, type Program } from "./program.ts";
import type { Rival, RivalViewers } from "./rival.ts";

/** Starts ffmpeg for one viewer; resolves when media has come to it. */
export type ServeOne = (camera: FarmCamera, opened: AsyncDisposableStack) => Promise<Program>;

/** An ffmpeg for each viewer, with a connection to the camera of its own. */
export const processPerViewer = (name: string, serveOne: ServeOne): Rival => ({
  name,
  version: () => versionOf(ffmpegPath, "-version"),
  missing: () => (have("ffmpeg") ? undefined : "ffmpeg is not installed"),
  serve: async (camera, viewers): Promise<RivalViewers> => {
    await using opening = new AsyncDisposableStack();
    const serving = Array.from({ length: viewers }, () => serveOne(camera, opening));
    const programs = await Promise.all(serving);
    const opened = opening.move();
    return {
      pids: programs.map(({ pid }) => pid),
      check: async () => {
        for (const program of programs) program.assertRunning();
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
});
