import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";

import { openChannel, systemClock } from "@gatehouse/shared";

import { cipher } from "./cipher.ts";
import type { DeviceTarget } from "./passage.ts";
import type { RelayTarget } from "./relay-target.ts";

const alike = (socket: TLSSocket): TLSSocket => {
  const { name } = socket.getCipher();
  if (name !== cipher) throw new Error(`the connection is encrypted by ${name}`);
  return socket;
};

const throughRelay = async ({ place, homes, devices, way }: RelayTarget, index: number): Promise<Duplex> => {
  const tunnel = homes[index % homes.length];
  const privateKey = devices[Math.floor(index / homes.length) % devices.length];
  if (tunnel === undefined || privateKey === undefined) throw new Error("there is no home, or no device");
  const identity = { privateKey, certificate: "" };
  const wayHome = { tunnel, relay: place, gatewayKeys: [] };
  const { signal } = new AbortController();
  const channel = await openChannel({ identity, wayHome, clock: systemClock, way }, { signal });
  if (!(channel instanceof TLSSocket)) throw new TypeError("the channel is no connection to the relay");
  return alike(channel);
};

/** The way of the index-th device to the homes' side. */
export const openStream = async (target: DeviceTarget, index: number): Promise<Duplex> => {
  switch (target.kind) {
    case "tcp": {
      const socket = connectTcp({ port: target.port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      return socket;
    }
    case "tls": {
      const { port, authority } = target;
      const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: authority });
      await once(socket, "secureConnect");
      return alike(socket.setNoDelay(true));
    }
    case "relay":
      return throughRelay(target, index);
  }
};
