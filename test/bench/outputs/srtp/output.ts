import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { randomBytes } from "node:crypto";

import type { PreparedHomeKitSession, PrepareHomeKitSession } from "@gatehouse/shared";
import { SrtcpSession } from "werift";

import { HomeKitReceiver, makeStart } from "../../../support/homekit-receiver.ts";
import type { MediaHost } from "../../media-host/host.ts";
import type { Output, Watcher } from "../output.ts";
import { PictureLog } from "../picture-log.ts";

const reportEveryMs = 2_000;
/** The smallest that the system gives: nearly everything is thrown away before it reaches this process. */
const receiveBuffer = 1;

/** Where media is thrown away; bound to loopback. */
export const openDrain = async (): Promise<Socket> => {
  const socket = createSocket({ type: "udp4", recvBufferSize: receiveBuffer });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

/** A HomeKit controller that reads nothing, but reports as a viewer must. */
const openSink = async (host: MediaHost, camera: number): Promise<AsyncDisposable> => {
  const socket = await openDrain();
  const [key, salt] = [randomBytes(16), randomBytes(14)];
  const srtp = { key: key.toString("base64"), salt: salt.toString("base64") };
  const body: PrepareHomeKitSession = {
    viewer: { address: "127.0.0.1", videoPort: socket.address().port, videoSrtp: srtp },
    localAddress: "127.0.0.1",
  };
  const prepared = await host.call("srtpPrepare", { camera, body });
  const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt };
  const session = new SrtcpSession({ profile: 1, keys });
  const timer = setInterval(() => report(socket, session, prepared), reportEveryMs);
  await host.call("srtpStart", { id: prepared.id, body: makeStart() });
  report(socket, session, prepared);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await host.call("srtpEnd", prepared.id);
      socket.close();
    },
  };
};

/** An empty receiver report. RFC 3550 6.4.2 */
const report = (socket: Socket, session: SrtcpSession, { address, video }: PreparedHomeKitSession): void => {
  const packet = Buffer.from("80c9000100000001", "hex");
  socket.send(session.encrypt(packet), video.port, address);
};

const openWatcher = async (host: MediaHost, camera: number): Promise<Watcher> => {
  const receiver = await HomeKitReceiver.open();
  const prepared = await host.call("srtpPrepare", { camera, body: receiver.request });
  receiver.listen(prepared);
  await host.call("srtpStart", { id: prepared.id, body: makeStart() });
  await receiver.send(receiver.report());
  const { video } = receiver;
  const log = new PictureLog();
  const look = (): PictureLog => {
    for (const { nals } of video.units.splice(0)) log.add(nals);
    return log;
  };
  const timer = setInterval(() => {
    look();
    void receiver.send(receiver.report());
  }, reportEveryMs);
  return {
    received: async () => {
      const { pictures, missing } = look().received;
      return { pictures, missing: missing + video.damaged + video.rejected };
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await host.call("srtpEnd", prepared.id);
      receiver[Symbol.dispose]();
    },
  };
};

/** HomeKit's way: SRTP over UDP, a socket for each viewer. */
export const srtpOutput: Output = { name: "srtp", join: openSink, watch: openWatcher };
