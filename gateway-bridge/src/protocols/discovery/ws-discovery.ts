import { isGatehouseError, systemCode, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import type { networkInterfaces } from "node:os";

import { writeXml, xml } from "../xml/write-xml.ts";
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

const discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
/** ONVIF's own two: devices answer to one, the other, or both (ONVIF Core 7.3.1). */
const types = [
  ["http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"],
  ["http://www.onvif.org/ver10/device/wsdl", "Device"],
] as const;

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
    const socket = asking.adopt(openSocket(address, { hear, log }), closeSocket);
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

interface Ears {
  readonly hear: (datagram: Buffer, sender: string) => void;
  readonly log: Logger;
}

/** A socket that can be written to at once: what is sent waits until it is bound. */
const openSocket = (address: string, { hear, log }: Ears): Socket => {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, { address: sender }) => hear(datagram, sender));
  const fail = (error: unknown): void => {
    log.warn("discovery failed on an interface", { address, code: systemCode(error) });
    closeSocket(socket);
  };
  socket.on("error", fail);
  socket.once("listening", () => {
    try {
      // Where a multicast leaves is not a matter of the bound address on every system.
      socket.setMulticastInterface(address);
    } catch (error) {
      // The interface lost the address since it was listed.
      fail(error);
    }
  });
  socket.bind(0, address);
  return socket;
};

/** A socket may have closed itself over an error; to close it again throws. */
const closeSocket = (socket: Socket): void => {
  try {
    socket.close();
  } catch (error) {
    if (systemCode(error) !== "ERR_SOCKET_DGRAM_NOT_RUNNING") throw error;
  }
};

const sendProbes = (
  socket: Socket,
  to: { readonly address: string; readonly port: number },
  asked: Set<string>,
): void => {
  for (const type of types) {
    const id = `urn:uuid:${randomUUID()}`;
    asked.add(id);
    try {
      // A failure to send is told by the socket's error event.
      socket.send(probeMessage(id, type), to.port, to.address);
    } catch (error) {
      if (systemCode(error) !== "ERR_SOCKET_DGRAM_NOT_RUNNING") throw error;
    }
  }
};

const probeMessage = (id: string, [namespace, name]: (typeof types)[number]): string =>
  writeXml(
    xml(
      "s:Envelope",
      { "xmlns:s": "http://www.w3.org/2003/05/soap-envelope", "xmlns:a": addressing, "xmlns:d": discovery },
      xml(
        "s:Header",
        {},
        xml("a:Action", { "s:mustUnderstand": "1" }, `${discovery}/Probe`),
        xml("a:MessageID", {}, id),
        xml("a:ReplyTo", {}, xml("a:Address", {}, `${addressing}/role/anonymous`)),
        xml("a:To", { "s:mustUnderstand": "1" }, "urn:schemas-xmlsoap-org:ws:2005:04:discovery"),
      ),
      xml("s:Body", {}, xml("d:Probe", {}, xml("d:Types", { "xmlns:t": namespace }, `t:${name}`))),
    ),
  );
