import { isGatehouseError, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:dgram";
import type { networkInterfaces } from "node:os";

import { closeSocket, openMulticastSocket, sendIfOpen } from "../udp/multicast-socket.ts";
import { onvifTypes, probeMessage } from "./probe-message.ts";
import { readProbeAnswer, type ProbeMatch } from "./probe-match.ts";

export interface ProbeOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The IPv4 addresses to ask from; one socket each. */
  readonly from: readonly string[];
  /** Where to: the group that WS-Discovery is bound to, unless a test says otherwise. */
  readonly to?: { readonly address: string; readonly port: number };
  readonly timeoutMs?: number;
}

const group = { address: "239.255.255.250", port: 3702 };
const defaultTimeoutMs = 3_000;
/** Datagrams get lost, and some devices sleep through the first. */
const probesAtMs = [0, 500, 1_500];
const mostDevices = 256;

/** Every IPv4 address of this computer, loopback apart. */
export const ipv4Addresses = (interfaces: ReturnType<typeof networkInterfaces>): readonly string[] =>
  Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);

export interface FoundDevice extends ProbeMatch {
  /** Where the answer came from: of all the device's claims the one that the network vouches for. */
  readonly sender: string;
}

/**
 * Asks the network for ONVIF devices and gathers what answers until the time is over, one entry per endpoint reference.
 * Rubbish and answers to others' questions are left out; an interface that cannot send is logged and left out.
 */
export const probe = async (options: ProbeOptions, { signal }: Cancellable): Promise<readonly FoundDevice[]> => {
  const { clock, log, from, to = group, timeoutMs = defaultTimeoutMs } = options;
  signal.throwIfAborted();
  const found = new Map<string, FoundDevice>();
  const asked = new Set<string>();
  const hear = (datagram: Buffer, sender: string): void => {
    for (const match of matchesFor(asked, datagram)) {
      if (found.size < mostDevices && !found.has(match.endpoint)) found.set(match.endpoint, { ...match, sender });
    }
  };
  using asking = new DisposableStack();
  for (const address of from) {
    const socket = asking.adopt(openMulticastSocket(address, { hear, log }), closeSocket);
    for (const ms of probesAtMs) asking.use(clock.schedule(ms, () => sendProbes(socket, to, asked)));
  }
  await clock.delay(timeoutMs, { signal });
  return [...found.values()];
};

const matchesFor = (asked: ReadonlySet<string>, datagram: Buffer): readonly ProbeMatch[] => {
  try {
    const { relatesTo, matches } = readProbeAnswer(datagram);
    return asked.has(relatesTo) ? matches : [];
  } catch (error) {
    if (isGatehouseError(error)) return [];
    throw error;
  }
};

const sendProbes = (
  socket: Socket,
  to: { readonly address: string; readonly port: number },
  asked: Set<string>,
): void => {
  for (const type of onvifTypes) {
    const id = `urn:uuid:${randomUUID()}`;
    asked.add(id);
    sendIfOpen(socket, probeMessage(id, type), to);
  }
};
