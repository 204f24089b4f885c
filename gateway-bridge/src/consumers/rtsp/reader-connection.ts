import { isGatehouseError, type Clock, type Logger } from "@gatehouse/shared";
import type { Socket } from "node:net";

import type { SessionOwner } from "../../domain/session-filter.ts";
import type { RtspMessage, RtspServerRequest } from "../../protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../protocols/rtsp/rtsp-splitter.ts";
import { formatRtspAnswer, parseSequence, type RtspAnswer } from "../../protocols/rtsp-server/rtsp-answer.ts";
import { judgeConnection } from "./connection-health-policy.ts";
import { limits } from "./limits.ts";
import { RequestHandler, type RequestHandlerOptions } from "./request-handler.ts";

export interface ReaderConnectionOptions extends Omit<RequestHandlerOptions, "socket" | "end" | "onHeard"> {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when the connection is over by whatever cause. */
  readonly onClosed: (connection: ReaderConnection) => void;
}

/** One reader's connection: takes its requests one after the other, and watches whether it is alive. */
export class ReaderConnection implements Disposable {
  readonly #options: ReaderConnectionOptions;
  readonly #handler: RequestHandler;
  readonly #splitter: RtspSplitter;
  readonly #queue: RtspServerRequest[] = [];
  readonly #openedAt: number;
  readonly #closing = new AbortController();
  #heardAt: number;
  /** Bytes of answers that the reader has yet to take. */
  #unread = 0;
  #busy = false;
  #check: Disposable;

  constructor(options: ReaderConnectionOptions) {
    const { socket, clock } = options;
    this.#options = options;
    this.#openedAt = clock.monotonic();
    this.#heardAt = this.#openedAt;
    const onHeard = (): void => void (this.#heardAt = clock.monotonic());
    this.#handler = new RequestHandler({ ...options, onHeard, end: (why) => this.end(why, { politely: true }) });
    this.#splitter = new RtspSplitter({
      // What a reader says of its reception is a sign of life, and no more.
      frame: (channel, payload) => this.#handler.session?.receive(channel, payload),
      message: (message) => this.#take(message),
    });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#handler.session?.goOn());
    socket.on("error", () => this.end("the connection broke"));
    socket.on("close", () => this.end("the reader closed the connection"));
    this.#check = clock.schedule(limits.check, () => this.#watch());
  }

  /** Whose connection this is, once that is known, and the camera that its session is on. */
  get owner(): Partial<SessionOwner> {
    return this.#handler.owner;
  }

  get hasSession(): boolean {
    return this.#handler.session !== undefined;
  }

  /** Bytes that the reader has yet to take. */
  get unsent(): number {
    return this.#options.socket.writableLength;
  }

  /** Closes the connection. Politely: what was said before is still delivered, and that the media is over. */
  end(why: string, { politely = false }: { readonly politely?: boolean } = {}): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error(why));
    const { socket, onClosed } = this.#options;
    this.#check[Symbol.dispose]();
    this.#queue.length = 0;
    if (politely) this.#handler.session?.bye();
    this.#handler.end(why);
    if (politely && !socket.destroyed) this.#part();
    else socket.destroy();
    onClosed(this);
  }

  [Symbol.dispose](): void {
    this.end("the gateway closes", { politely: true });
  }

  /** Delivers what waits, for a moment: a reader that takes nothing must not keep the connection for as long as it likes. */
  #part(): void {
    const { socket, clock } = this.#options;
    const timer = clock.schedule(limits.farewell, () => socket.destroy());
    socket.once("close", () => timer[Symbol.dispose]());
    socket.destroySoon();
  }

  #read(chunk: Buffer): void {
    if (this.#closing.signal.aborted) return;
    this.#heardAt = this.#options.clock.monotonic();
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      if (!isGatehouseError(error)) throw error;
      this.#answer({ status: 400 }, undefined);
      this.end("it does not speak RTSP", { politely: true });
    }
  }

  #take(message: RtspMessage): void {
    if (message.kind !== "request") return;
    if (this.#queue.length >= limits.pipelined) {
      this.end("it asks faster than it can be answered");
      return;
    }
    this.#queue.push(message);
    if (!this.#busy) void this.#work();
  }

  /** Answers in the order of the requests. RFC 2326 9.1 */
  async #work(): Promise<void> {
    this.#busy = true;
    const { signal } = this.#closing;
    for (;;) {
      const request = this.#queue.shift();
      if (request === undefined || signal.aborted) break;
      const { answer, after } = await this.#handler.handle(request, { signal });
      if (this.#isClosing()) break;
      this.#answer(answer, parseSequence(request.headers.get("cseq")));
      after?.();
    }
    this.#busy = false;
  }

  #answer(answer: RtspAnswer, sequence: number | undefined): void {
    const { socket } = this.#options;
    if (!socket.writable) return;
    const bytes = formatRtspAnswer(answer, sequence);
    this.#unread += bytes.length;
    // Apart from the media that waits beside them: a player that is slow asks little, and one that asks much reads.
    socket.write(bytes, () => (this.#unread -= bytes.length));
    if (this.#unread > limits.unreadAnswers) this.end("it does not read its answers");
  }

  /** A function, because it changes while an answer is awaited. */
  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #watch(): void {
    const { clock } = this.#options;
    const why = judgeConnection({
      now: clock.monotonic(),
      openedAt: this.#openedAt,
      loggedIn: this.#handler.principal !== undefined,
      heardAt: this.#heardAt,
      roomAt: this.#handler.session?.roomAt,
    });
    if (why !== undefined) this.end(why);
    else this.#check = clock.schedule(limits.check, () => this.#watch());
  }
}
