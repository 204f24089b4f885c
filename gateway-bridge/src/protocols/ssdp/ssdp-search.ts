import type { Cancellable, Clock, Logger } from "@gatehouse/shared";

import { closeSocket, openMulticastSocket, sendIfOpen } from "../udp/multicast-socket.ts";
import { readSsdpMessage, type SsdpMessage } from "./ssdp-message.ts";

/** Where SSDP is spoken. UPnP Device Architecture 1.1, 1.3.2 */
export const ssdpGroup = { address: "239.255.255.250", port: 1900 } as const;

export interface SearchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The IPv4 addresses to ask from; one socket each. */
  readonly from: readonly string[];
  /** What is looked for, each by a datagram of its own. */
  readonly types: readonly string[];
  /** Where to: the group, unless one device alone is asked. */
  readonly to?: { readonly address: string; readonly port: number } | undefined;
  readonly timeoutMs?: number | undefined;
  /** Senders for whose answers there is always room, however many others answer. */
  readonly favoured?: readonly string[];
}

export interface FoundService extends SsdpMessage {
  /** Where the answer came from: of all the device's claims the one that the network vouches for. */
  readonly sender: string;
}

/** Devices may take so long to answer, so that they do not all do at once. Seconds. */
const longestDelay = 1;
const defaultTimeoutMs = 2_500;
/** Datagrams get lost. */
const searchesAtMs = [0, 600];
const mostServices = 128;
/** One host's chatter does not push others out. */
const mostOfOneSender = 16;

/**
 * Asks the network for devices and services of these types, and gathers what answers until the time is over. Rubbish, and what nobody asked
 * for, is left out; so is an interface that cannot send, which is logged.
 */
export const search = async (options: SearchOptions, { signal }: Cancellable): Promise<readonly FoundService[]> => {
  const { clock, log, from, types, to = ssdpGroup, timeoutMs = defaultTimeoutMs, favoured = [] } = options;
  signal.throwIfAborted();
  const found = new Map<string, FoundService>();
  const bySender = new Map<string, number>();
  const hear = (datagram: Buffer, sender: string): void => {
    const message = readSsdpMessage(datagram);
    if (message?.kind !== "answer" || !types.includes(message.type)) return;
    const key = JSON.stringify([sender, message.type, message.location]);
    const count = bySender.get(sender) ?? 0;
    const isFull = found.size >= mostServices && !favoured.includes(sender);
    if (found.has(key) || isFull || count >= mostOfOneSender) return;
    found.set(key, { ...message, sender });
    bySender.set(sender, count + 1);
  };
  using asking = new DisposableStack();
  for (const address of from) {
    const socket = asking.adopt(openMulticastSocket(address, { hear, log }), closeSocket);
    const ask = (): void => types.forEach((type) => sendIfOpen(socket, searchMessage(type, to), to));
    for (const ms of searchesAtMs) asking.use(clock.schedule(ms, ask));
  }
  await clock.delay(timeoutMs, { signal });
  return [...found.values()];
};

/** @param type ours, never somebody's text */
export const searchMessage = (type: string, { address, port }: { address: string; port: number } = ssdpGroup): Buffer =>
  Buffer.from(
    [
      "M-SEARCH * HTTP/1.1",
      `HOST: ${address}:${port}`,
      'MAN: "ssdp:discover"',
      `MX: ${longestDelay}`,
      `ST: ${type}`,
      "",
      "",
    ].join("\r\n"),
  );
