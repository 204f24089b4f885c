import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

import { urlWithLogin } from "../camera-farm/farm.ts";
import { processPerViewer, type ServeOne } from "./process-per-viewer.ts";
import { ffmpegPath, Program } from "./program.ts";

const mediaWithinMs = 60_000;

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

const serveOne: ServeOne = async (camera, opened) => {
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
export const ffmpegRtsp = processPerViewer("ffmpeg -c copy -f rtsp", serveOne);
