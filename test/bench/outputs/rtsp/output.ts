import { once } from "node:events";

import { AccessUnitAssembler, parseRtp } from "../../../support/access-unit.ts";
import type { MediaHost } from "../../media-host/host.ts";
import { RtspPlayer } from "../../rtsp-player.ts";
import type { Output, Watcher } from "../output.ts";
import { PictureLog } from "../picture-log.ts";
import { FrameSplitter } from "./frame-splitter.ts";

const keepAliveMs = 20_000;
let readers = 0;

/** A gateway takes so many connections of one address, but loopback has many. */
const nextAddress = (): string => `127.0.0.${2 + (readers++ % 200)}`;

const play = async (host: MediaHost, camera: number): Promise<RtspPlayer & AsyncDisposable> => {
  const player = await RtspPlayer.play({ ...(await host.call("rtspTarget", camera)), localAddress: nextAddress() });
  const timer = setInterval(() => player.keepAlive(), keepAliveMs);
  return Object.assign(player, {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      player[Symbol.dispose]();
    },
  });
};

const openSink = async (host: MediaHost, camera: number): Promise<AsyncDisposable> => {
  const player = await play(host, camera);
  await once(player.socket.resume(), "data");
  return player;
};

const openWatcher = async (host: MediaHost, camera: number): Promise<Watcher> => {
  const player = await play(host, camera);
  const log = new PictureLog();
  const assembler = new AccessUnitAssembler();
  const splitter = new FrameSplitter((channel, packet) => {
    const unit = channel === 0 ? assembler.add(parseRtp(packet), performance.now()) : undefined;
    if (unit !== undefined) log.add(unit.nals);
  });
  player.socket.on("data", (chunk: Buffer) => splitter.push(chunk)).resume();
  return {
    received: async () => ({ ...log.received, missing: log.received.missing + assembler.damaged }),
    [Symbol.asyncDispose]: () => player[Symbol.asyncDispose](),
  };
};

/** A player or recorder that reads over the RTSP connection itself. */
export const rtspOutput: Output = { name: "rtsp", join: openSink, watch: openWatcher };
