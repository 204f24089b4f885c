import type { IncomingMessage } from "node:http";
import { WebSocket, type RawData } from "ws";

import { routes } from "../contract/api.ts";
import { ServerMessage } from "../contract/event.ts";
import { onAbort, withDeadline, type Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatehouseError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { wireError } from "./call-route.ts";
import { readBounded, unreachable, type PinnedHttps } from "./pinned-https.ts";

export interface EventsConnectionOptions {
  readonly https: PinnedHttps;
  readonly address: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The first is `hello`. */
  readonly onMessage: (message: ServerMessage) => void;
}

const helloMs = 15_000;
/** A gateway that leaves two pings in a row unanswered is gone. */
export const pingMs = 15_000;
const toleratedPings = 2;
const longestMessage = 1 << 20;
const longestRefusal = 64 << 10;

/** Receives events until the connection ends, which it tells by throwing why. */
export const receiveEvents = async (options: EventsConnectionOptions, { signal }: Cancellable): Promise<never> => {
  const tls = await options.https.connect({ signal });
  const socket = new WebSocket(`wss://${options.address}${routes.events.path}`, {
    createConnection: () => tls,
    followRedirects: false,
    maxPayload: longestMessage,
    perMessageDeflate: false,
  });
  const ended = failure(socket);
  const abort = onAbort(signal, () => socket.terminate());
  const beat = heartbeat(socket, options.clock);
  try {
    const { clock } = options;
    await withDeadline({ signal, clock, ms: helloMs, what: "the gateway's hello", code: "gateway-unreachable" }, () =>
      Promise.race([firstMessage(socket, options), ended]),
    );
    return await ended;
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  } finally {
    abort[Symbol.dispose]();
    beat[Symbol.dispose]();
    socket.terminate();
    tls.destroy();
  }
};

/** Hands on every message; resolves after the first. */
const firstMessage = (socket: WebSocket, { onMessage, log }: EventsConnectionOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    let greeted = false;
    socket.on("message", (data: RawData) => {
      const message = parse(data);
      if (!greeted && message?.kind !== "hello") {
        reject(new GatehouseError("gateway-answer-malformed", "the gateway began with something else than hello"));
      } else if (message === undefined) {
        // A newer gateway may know more kinds of messages; those that are known stay useful.
        log.warn("message of an unknown form left out");
      } else {
        greeted = true;
        onMessage(message);
        resolve();
      }
    });
  });

const parse = (data: RawData): ServerMessage | undefined => {
  try {
    // The default binaryType hands every message over as one Buffer.
    return ServerMessage.safeParse(JSON.parse((data as Buffer).toString("utf8"))).data;
  } catch {
    return undefined;
  }
};

/** Rejects with why the connection ended, or was refused. */
const failure = (socket: WebSocket): Promise<never> => {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  socket.on("error", ended.reject);
  socket.on("close", (code: number) =>
    ended.reject(new GatehouseError("gateway-unreachable", `the gateway closed the events connection (${code})`)),
  );
  socket.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
    const refused = async (): Promise<never> => {
      const body = await readBounded(response, longestRefusal);
      throw wireError({ status: response.statusCode ?? 0, headers: response.headers, body });
    };
    refused().catch(ended.reject);
  });
  return ended.promise;
};

/** Ends a connection whose other side is gone without a word. */
const heartbeat = (socket: WebSocket, clock: Clock): Disposable => {
  let unanswered = 0;
  let timer: Disposable;
  socket.on("pong", () => (unanswered = 0));
  const beat = (): void => {
    timer = clock.schedule(pingMs, beat);
    if (socket.readyState !== WebSocket.OPEN) return;
    if (unanswered >= toleratedPings) {
      socket.emit("error", new GatehouseError("gateway-unreachable", "the gateway stopped answering"));
      return;
    }
    unanswered += 1;
    socket.ping();
  };
  timer = clock.schedule(pingMs, beat);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
};
