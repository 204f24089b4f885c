import { isGatehouseError, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";
import type { Socket } from "node:net";

import { clientHello, readServerHello, type BrokenOffer, type ServerHello } from "../../protocols/tls/broken-hello.ts";
import { throughGate } from "../../protocols/tcp/connection-gate.ts";
import { connectTcp } from "./connect-tcp.ts";
import type { CameraGate } from "./probe-budget.ts";

export interface BrokenQuestion {
  readonly gate: CameraGate;
  readonly port: number;
  readonly offer: BrokenOffer;
  readonly clock: Clock;
}

const answerMs = 5_000;
/** A ServerHello comes first, and is short. */
const longestAnswer = 4_096;

/**
 * Whether a port takes an offer of what is broken, and which of it. Nothing is agreed on: the connection is closed after the first word.
 * Undefined where it does not, or does not answer in time.
 * @throws GatehouseError `camera-unreachable` where nothing listens, or the signal's reason
 */
export const offerBroken = async (
  { gate, port, offer, clock }: BrokenQuestion,
  cancel: Cancellable,
): Promise<ServerHello | undefined> => {
  const to = { host: gate.place.host, port };
  const socket = await throughGate({ gate, to }, () => connectTcp({ ...to, clock }, cancel), cancel);
  const { signal } = cancel;
  try {
    socket.write(clientHello(offer));
    const what = "a word of TLS";
    return await withDeadline({ clock, ms: answerMs, what, code: "camera-unreachable", signal }, () => firstWord(socket)); // prettier-ignore
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (isGatehouseError(error) && error.code === "camera-unreachable") return undefined;
    throw error;
  } finally {
    socket.destroy();
  }
};

const firstWord = (socket: Socket): Promise<ServerHello | undefined> => {
  const { promise, resolve } = Promise.withResolvers<ServerHello | undefined>();
  let heard = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    const word = readServerHello(heard);
    if (word.kind === "hello") resolve(word.hello);
    else if (word.kind === "other" || heard.length > longestAnswer) resolve(undefined);
  });
  socket.once("close", () => resolve(undefined));
  return promise;
};
