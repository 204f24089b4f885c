import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

import { WebSocket } from "../../../../gateway-bridge/src/consumers/fmp4/testing/web-socket.ts";
import type { MediaHost } from "../../media-host/host.ts";
import type { Output, Watcher } from "../output.ts";
import { PictureLog } from "../picture-log.ts";

/** Upgrades to a WebSocket and reads no more than the answer. */
const openSink = async (host: MediaHost, camera: number): Promise<AsyncDisposable> => {
  const socket = connect(await host.call("msePort"), "127.0.0.1");
  const key = randomBytes(16).toString("base64");
  const head = ["Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Key: ${key}`];
  socket.on("error", () => socket.destroy());
  socket.write([`GET /${camera} HTTP/1.1`, ...head, "Sec-WebSocket-Version: 13", "", ""].join("\r\n"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (!answer.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error("the server makes no WebSocket of it");
  await once(socket.resume(), "data");
  return {
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
    },
  };
};

/** The payload of the first box of this type, at the top level. ISO/IEC 14496-12 4.2 */
const findBox = (bytes: Buffer, wanted: string): Buffer | undefined => {
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    if (bytes.toString("latin1", at + 4, at + 8) === wanted) return bytes.subarray(at + 8, at + size);
    if (size < 8) return undefined;
    at += size;
  }
  return undefined;
};

/** A sample is NAL units with their lengths before them. ISO/IEC 14496-15 5.3.3.1 */
const nalsOf = (sample: Buffer): Buffer[] => {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length;) {
    const length = sample.readUInt32BE(at);
    nals.push(sample.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return nals;
};

const openWatcher = async (host: MediaHost, camera: number): Promise<Watcher> => {
  const socket = new WebSocket(`ws://127.0.0.1:${await host.call("msePort")}/${camera}`);
  const log = new PictureLog();
  socket.on("message", (data: Buffer, isBinary) => {
    // Each picture is a fragment of its own.
    const sample = isBinary ? findBox(data, "mdat") : undefined;
    if (sample !== undefined) log.add(nalsOf(sample));
  });
  await once(socket, "open");
  return {
    received: async () => log.received,
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, "close");
      socket.terminate();
      await closed;
    },
  };
};

/** A browser's way by Media Source Extensions: fragmented MP4 over a WebSocket. */
export const mseOutput: Output = { name: "mse", join: openSink, watch: openWatcher };
