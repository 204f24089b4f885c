import {
  GatehouseError,
  isError,
  isGatehouseError,
  onAbort,
  withDeadline,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

import type { HeadSink } from "./head-sink.ts";
import { longestNote } from "./signed-note.ts";

/** For one whole exchange. */
const exchangeMs = 15_000;

export interface HttpsHeadSinkOptions {
  /** Takes a note by POST, and gives the newest by GET: 404 or 204 where there is none yet. */
  readonly url: string;
  /** PEM of the authorities that its certificate may come from; those of the box unless given. */
  readonly authority?: string;
  readonly clock: Clock;
}

interface Exchanged {
  readonly status: number;
  readonly body: string;
}

/** A server that keeps heads. It is sent nothing that must not be seen, and believed nothing that our key did not sign. */
export class HttpsHeadSink implements HeadSink {
  readonly #options: HttpsHeadSinkOptions;

  constructor(options: HttpsHeadSinkOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError `heads-unreachable`, `timeout`, or the signal's reason */
  async newest(cancel: Cancellable): Promise<string | undefined> {
    const { status, body } = await this.#exchange("GET", undefined, cancel);
    if (status === 200) return body;
    if (status === 404 || status === 204) return undefined;
    throw unreachable(`it answered ${status}`);
  }

  /** @throws GatehouseError `heads-unreachable`, `timeout`, or the signal's reason */
  async push(note: string, cancel: Cancellable): Promise<void> {
    const { status } = await this.#exchange("POST", note, cancel);
    if (status < 200 || status > 299) throw unreachable(`it answered ${status}`);
  }

  #exchange(method: "GET" | "POST", body: string | undefined, { signal }: Cancellable): Promise<Exchanged> {
    const { url, authority, clock } = this.#options;
    return withDeadline({ signal, clock, ms: exchangeMs, what: "the server of audit heads" }, async (within) => {
      const headers = body === undefined ? {} : { "content-type": "text/plain; charset=utf-8" };
      const ca = authority === undefined ? {} : { ca: authority };
      // A connection for each: minutes lie between two of them.
      const asked = httpsRequest(url, { method, headers, agent: false, ...ca });
      const abort = onAbort(within.signal, () => asked.destroy());
      try {
        const answer = await answerTo(asked.end(body));
        return { status: answer.statusCode ?? 0, body: await readShort(answer) };
      } catch (error) {
        within.signal.throwIfAborted();
        throw isGatehouseError(error) ? error : unreachable(isError(error) ? error.message : String(error));
      } finally {
        abort[Symbol.dispose]();
        asked.destroy();
      }
    });
  }
}

const answerTo = (asked: ReturnType<typeof httpsRequest>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    asked.once("response", resolve);
    asked.on("error", reject);
    asked.once("close", () => reject(new Error("closed before it answered")));
  });

const readShort = async (answer: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > 4 * longestNote) throw unreachable("its answer is longer than a note can be");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
};

const unreachable = (why: string): GatehouseError =>
  new GatehouseError("heads-unreachable", `the server of audit heads failed: ${why}`);
