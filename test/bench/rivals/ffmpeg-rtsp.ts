import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

import { have } from "../../support/packages.ts";
import { urlWithLogin, type FarmCamera } from "../camera-farm/farm.ts";
import { ffmpegPath, Program, versionOf } from "./program.ts";
import type { Rival, RivalViewers } from "./rival.ts";

const mediaWithinMs = 15_000;

/** Agrees to whatever a publisher asks, and reads what it then sends to nowhere. */
const agree = (socket: Socket, onMedia: () => void): void => {
  let pending = "";
  const answer = (chunk: Buffer): void => {
    pending += chunk.toString("latin1");
    for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
      const head = pending.slice(0, end);
      const body = Number(/^Content-Length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + body) return;
      pending = pending.slice(end + 4 + body);
      const lines = [/^CSeq:.*$/im, /^Transport:.*$/im].flatMap((pattern) => pattern.exec(head)?.[0].trim() ?? []);
      socket.write(["RTSP/1.0 200 OK", ...lines, "Session: 1", "", ""].join("\r\n"));
      if (!head.startsWith("RECORD")) continue;
      socket.off("data", answer);
      socket.once("data", onMedia);
      socket.resume();
      return;
    }
  };
  socket.on("data", answer);
  socket.on("error", () => socket.destroy());
};

const serveOne = async (camera: FarmCamera, opened: AsyncDisposableStack): Promise<Program> => {
  const media = Promise.withResolvers<undefined>();
  const server = createServer((socket) => agree(socket, () => media.resolve(undefined)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  opened.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const input = ["-v", "error", "-rtsp_transport", "tcp", "-i", urlWithLogin(camera)];
  const output = ["-an", "-c:v", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", `rtsp://127.0.0.1:${port}/viewer`];
  const program = opened.use(new Program(ffmpegPath, [...input, ...output]));
  const late = setTimeout(() => media.reject(new Error("ffmpeg sends nothing")), mediaWithinMs);
  try {
    await media.promise;
  } catch (error) {
    program.assertRunning();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return program;
};

/** A process for each reader that copies the camera's stream into RTSP over TCP. */
export const ffmpegRtsp: Rival = {
  name: "ffmpeg -c copy -f rtsp",
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
};
