import { isGatehouseError, toGatehouseError, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { RtspMessage, RtspServerRequest } from "../../protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../protocols/rtsp/rtsp-splitter.ts";
import { DigestGuard } from "../../protocols/rtsp-server/digest-guard.ts";
import { interleave } from "../../protocols/rtsp-server/interleaved-packets.ts";
import { formatRtspAnswer, parseSequence, type RtspAnswer } from "../../protocols/rtsp-server/rtsp-answer.ts";
import { localRealm, type LocalCredential } from "./credential.ts";
import { limits } from "./limits.ts";
import { withoutLogins } from "./rtsp-request.ts";

export interface RtspVisitOptions {
  readonly socket: Socket;
  readonly credential: Pick<LocalCredential, "ha1">;
  /** A connection to the gateway's RTSP server, as the person who is signed in. */
  readonly open: (cancel: Cancellable) => Promise<Duplex>;
  /** The gateway ended such a connection without a word, as it does where the login is over. */
  readonly onSilentEnd: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * One local player's connection. Until its first request with the credential it is answered here; from then on its requests, without their
 * logins, go to the gateway, and what the gateway sends comes back as it is. Then an answer of ours could fall into the middle of a
 * picture: so whoever comes without the credential then is cut off.
 */
export class RtspVisit implements Disposable {
  readonly #options: RtspVisitOptions;
  readonly #guard: DigestGuard;
  readonly #splitter: RtspSplitter;
  readonly #closing = new AbortController();
  readonly #deadline: Disposable;
  #refusals = 0;
  /** What waits for the way home. */
  readonly #held: Buffer[] = [];
  #state: "asking" | "dialling" | "through" = "asking";
  #home: Duplex | undefined;

  constructor(options: RtspVisitOptions) {
    const { socket, credential, clock } = options;
    this.#options = options;
    // Basic is offered too: the connection does not leave this computer.
    const ha1: LocalCredential["ha1"] = (username, algorithm) => credential.ha1(username, algorithm);
    this.#guard = new DigestGuard({ realm: localRealm, secure: true, clock, ha1 });
    this.#splitter = new RtspSplitter({
      frame: (channel, payload) => this.#pass(interleave(channel, payload)),
      message: (message, bytes) => this.#take(message, bytes),
    });
    this.#deadline = clock.schedule(limits.login, () => this.#end());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #read(chunk: Buffer): void {
    if (this.#isOver()) return;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      if (!isGatehouseError(error)) throw error;
      this.#refuse({ status: 400 }, undefined);
    }
  }

  #take(message: RtspMessage, bytes: Buffer): void {
    if (this.#isOver()) return;
    // The gateway asks nothing of players, so there is nothing to answer.
    if (message.kind === "response") this.#end();
    else if (!this.#isLetIn(message)) this.#turnAway(message);
    else {
      this.#pass(withoutLogins(bytes, message.body.length));
      if (this.#state === "asking") void this.#dial(message);
    }
  }

  /** Looked at with every request, whatever came before it. */
  #isLetIn({ method, uri, headers }: RtspServerRequest): boolean {
    const verdict = this.#guard.verify({ method, uri, authorization: headers.get("authorization") });
    // A nonce that got too old while the player played: it is this connection's, and the login is right.
    return verdict.kind === "accepted" || (verdict.kind === "stale" && this.#state !== "asking");
  }

  #turnAway({ headers }: RtspServerRequest): void {
    if (this.#state !== "asking") {
      this.#end();
      return;
    }
    this.#refusals += 1;
    const answer: RtspAnswer = {
      status: 401,
      headers: { "WWW-Authenticate": this.#guard.challenges({ stale: false }) },
    };
    if (this.#refusals > limits.refusals) this.#refuse(answer, headers.get("cseq"));
    else this.#answer(answer, headers.get("cseq"));
  }

  /** Sends bytes home, or keeps them until there is a way. */
  #pass(bytes: Buffer): void {
    const { socket } = this.#options;
    if (this.#home !== undefined) {
      if (!this.#home.write(bytes)) socket.pause();
      return;
    }
    this.#held.push(bytes);
    // Media before a login, or more than a player says before it is answered.
    const size = this.#held.reduce((sum, { length }) => sum + length, 0);
    if (bytes[0] === dollar || size > limits.heldBytes) this.#end();
  }

  async #dial(first: RtspServerRequest): Promise<void> {
    const { socket, open, log } = this.#options;
    const { signal } = this.#closing;
    this.#state = "dialling";
    this.#deadline[Symbol.dispose]();
    socket.pause();
    try {
      this.#join(await open({ signal }));
    } catch (error) {
      const { code, message, remedy } = toGatehouseError(error);
      log.debug("no way home for a player", { code, message });
      // Players show these words, and little else.
      this.#refuse({ status: 503, reason: printable(`${message}. ${remedy}`) }, first.headers.get("cseq"));
    }
  }

  #join(home: Duplex): void {
    const { socket, onSilentEnd } = this.#options;
    if (this.#isOver()) {
      home.destroy();
      return;
    }
    this.#state = "through";
    this.#home = home;
    let silent = true;
    home.once("data", () => (silent = false));
    home.on("drain", () => socket.resume());
    home.on("error", () => this.#end());
    const over = (): void => {
      if (silent && !this.#isOver()) onSilentEnd();
      this.#end({ politely: true });
    };
    home.once("end", over);
    home.once("close", over);
    home.pipe(socket, { end: false });
    for (const bytes of this.#held.splice(0)) home.write(bytes);
    socket.resume();
  }

  #answer(answer: RtspAnswer, sequence: string | undefined): void {
    this.#options.socket.write(formatRtspAnswer(answer, parseSequence(sequence)));
  }

  #refuse(answer: RtspAnswer, sequence: string | undefined): void {
    if (this.#isOver()) return;
    const isOurs = this.#state !== "through";
    if (isOurs) this.#answer(answer, sequence);
    this.#end({ politely: isOurs });
  }

  /** Politely: what was said before is still delivered. */
  #end({ politely = false }: { readonly politely?: boolean } = {}): void {
    if (this.#isOver()) return;
    this.#closing.abort(new Error("the player's connection is over"));
    this.#deadline[Symbol.dispose]();
    this.#held.length = 0;
    const { socket, clock } = this.#options;
    if (politely && !socket.destroyed) {
      const timer = clock.schedule(limits.farewell, () => socket.destroy());
      socket.once("close", () => timer[Symbol.dispose]());
      socket.destroySoon();
    } else socket.destroy();
    this.#home?.destroy();
  }

  /** A function, because it changes while the way home is awaited. */
  #isOver(): boolean {
    return this.#closing.signal.aborted;
  }
}

const dollar = 0x24;

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "").slice(0, 300);
