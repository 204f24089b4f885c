import { onAbort, type Cancellable, type Clock } from "@gatehouse/shared";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

import { closeSocket } from "./multicast-socket.ts";

export interface Question<Answer> {
  readonly clock: Clock;
  /** A literal address: names are never looked up here. */
  readonly address: string;
  readonly port: number;
  /** @param from the own address that the question leaves by */
  readonly datagram: (from: string) => Buffer;
  /** Undefined for what is no answer to it; that is then left out. */
  readonly read: (datagram: Buffer) => Answer | undefined;
}

/** Datagrams get lost. RFC 6886 3.1: the second comes 250 ms after the first, the next after twice as long. */
const askedAtMs = [0, 250, 750];
const patienceMs = 1_500;
/** A hostile host may send for ever what is no answer. */
const mostAnswers = 32;

/**
 * Puts one question to one host, three times at most. Only what comes from that very host and port is heard.
 * @returns undefined where nobody answered, or the port is closed
 */
export const ask = async <Answer>(
  { clock, address, port, datagram, read }: Question<Answer>,
  { signal }: Cancellable,
): Promise<Answer | undefined> => {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
  using asking = new DisposableStack();
  const socket = asking.adopt(createSocket(isIPv6(address) ? "udp6" : "udp4"), closeSocket);
  let heard = 0;
  socket.on("message", (bytes) => {
    heard += 1;
    const answer = heard > mostAnswers ? undefined : read(bytes);
    if (answer !== undefined || heard >= mostAnswers) resolve(answer);
  });
  // A closed port, a network that is gone: there is no answer, and nothing else follows from it.
  socket.on("error", () => resolve(undefined));
  socket.once("connect", () => {
    const question = datagram(socket.address().address);
    for (const ms of askedAtMs) asking.use(clock.schedule(ms, () => socket.send(question)));
  });
  asking.use(clock.schedule(patienceMs, () => resolve(undefined)));
  asking.use(onAbort(signal, reject));
  socket.connect(port, address);
  return await promise;
};
