import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { have } from "../../support/packages.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";
import { RtspPlayer } from "../rtsp-player.ts";
import { versionOf } from "./program.ts";
import type { Rival, RivalViewers } from "./rival.ts";

const script = fileURLToPath(new URL("gst-rtsp-restream.py", import.meta.url));

const serve = async ({ rtspUrl, username, password }: FarmCamera, viewers: number): Promise<RivalViewers> => {
  await using opening = new AsyncDisposableStack();
  // Debian's own Python: no other has GStreamer's bindings.
  const server = spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  opening.defer(async () => {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  });
  server.stdin.write(`${rtspUrl} ${username} ${password}\n`);
  const [port] = (await once(createInterface(server.stdout), "line")) as [string];
  const target = { rtspUrl: `rtsp://127.0.0.1:${port}/camera`, username, password };
  const players: RtspPlayer[] = [];
  for (let viewer = 0; viewer < viewers; viewer += 1) {
    const player = opening.use(await RtspPlayer.play(target, "stream=0"));
    await once(player.socket.resume(), "data");
    players.push(player);
  }
  const opened = opening.move();
  return {
    pids: [server.pid ?? 0],
    check: async () => {
      if (players.some(({ socket }) => socket.destroyed)) throw new Error("GStreamer has left a reader");
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
};

/** One process that serves every reader from one connection to the camera. */
export const gstRtsp: Rival = {
  name: "GStreamer RTSP server",
  version: () => versionOf("/usr/bin/gst-launch-1.0", "--version"),
  missing: () => (have("gstreamer") ? undefined : "GStreamer is not installed"),
  serve,
};
