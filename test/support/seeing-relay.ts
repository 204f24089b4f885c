/**
 * Preloaded (`--import`) into a relay, makes it one that wants to see: it ends the TLS inside the channels itself, keeps all that comes by,
 * and writes it down. It can do so only because it was given what no relay ever has: the device's key, and a device that expects its key.
 */
import { DeviceIdentity, innerProtocol, openInner, systemClock } from "@gatehouse/shared";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { duplexPair, pipeline, Transform, type Duplex } from "node:stream";
import { createServer, type TLSSocket } from "node:tls";

import { Channel } from "../../gateway-bridge/src/relay/server/channel.ts";
import type { Seeing } from "./seeing.ts";

const seeing = JSON.parse(process.env["GATEHOUSE_SEEING"] ?? "") as Seeing;
/** All that it saw. */
const kept: Buffer[] = [];

const note = (change: (text: Buffer) => Buffer): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      kept.push(chunk);
      appendFileSync(seeing.seen, chunk);
      done(null, change(chunk));
    },
  });

const endTls = async (stream: Duplex): Promise<TLSSocket> => {
  const { cert, key } = seeing;
  const server = createServer({ cert, key, ALPNProtocols: [innerProtocol], minVersion: "TLSv1.3" });
  const ended = once(server, "secureConnection");
  server.emit("connection", stream);
  const [socket] = (await ended) as [TLSSocket];
  return socket;
};

/** Where the gateway tells the device its keys, this one's takes their place: they are as long. */
const bend = (pins: readonly string[]) => (bytes: Buffer) => {
  const text = bytes.toString("latin1");
  const bent = pins.reduce((so, pin) => so.replaceAll(pin, seeing.pin), text);
  return Buffer.from(bent, "latin1");
};

const stand = async (device: Duplex, channel: Duplex): Promise<void> => {
  const identity = DeviceIdentity.parse(JSON.parse(readFileSync(seeing.identity, "utf8")));
  const { wayHome } = identity;
  const signal = new AbortController().signal;
  const [here, home] = await Promise.all([
    endTls(device),
    openInner({ identity, wayHome, clock: systemClock, channel }, { signal }),
  ]);
  const over = (): void => {
    for (const end of [here, home, device, channel]) end.destroy();
  };
  pipeline(
    here,
    note((bytes) => bytes),
    home,
    over,
  );
  pipeline(home, note(bend(wayHome.gatewayKeys)), here, over);
};

// eslint-disable-next-line @typescript-eslint/unbound-method -- called below with its channel
const join = Channel.prototype.join;
Channel.prototype.join = function (stream) {
  const [outer, inner] = duplexPair();
  stand(inner, stream).catch(() => outer.destroy());
  join.call(this, outer);
};
