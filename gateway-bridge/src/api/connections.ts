import { GatehouseError, type Clock, type LoginId, type PrincipalId } from "@gatehouse/shared";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { addressBlock } from "../domain/address-block.ts";
import { Crowd, type CrowdCount } from "../domain/crowd.ts";
import { limits } from "./limits.ts";

/** Why the server itself ended a connection. */
export type Ending = "crowded" | "silent" | "slow" | "malformed";

/** How many connections there are, and how many were ended so far. */
export interface ConnectionFigures extends CrowdCount {
  readonly ended: Readonly<Record<Ending, number>>;
}

/** What is known of a connection. */
interface Visit {
  readonly socket: Socket;
  /** Requests whose answers are not delivered yet. */
  unanswered: number;
  /** The answer to the last request that had a body. */
  toBody: ServerResponse | undefined;
  /** Ends it when nothing was said in time. */
  silence: Disposable | undefined;
}

/** Who came by a connection. */
export interface Claim {
  readonly principal: PrincipalId;
  readonly login: LoginId | undefined;
}

const slow = new Set(["ERR_HTTP_REQUEST_TIMEOUT", "ERR_TLS_HANDSHAKE_TIMEOUT"]);

/** Every open connection of the server: who must make room for others, and whose they are. */
export class Connections {
  readonly #clock: Clock;
  readonly #crowd = new Crowd<Socket>(
    { total: limits.connections, strangersPerBlock: limits.strangersPerAddress },
    (socket) => (this.#visits.get(socket)?.unanswered ?? 0) > 0,
  );
  readonly #visits = new Map<Socket, Visit>();
  /** By peer, because a TLS socket does not tell which connection it is on. */
  readonly #byPeer = new Map<string, Visit>();
  readonly #bySecure = new WeakMap<Duplex, Visit>();
  readonly #requests = new WeakMap<IncomingMessage, Visit>();
  /** By the id of a principal, or of a person's login. */
  readonly #of = new Map<PrincipalId | LoginId, Set<Duplex>>();
  /** Those whose one answer may still go out. */
  readonly #spared = new Map<Duplex, "standing" | "ended">();
  readonly #ended: Record<Ending, number> = { crowded: 0, silent: 0, slow: 0, malformed: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get figures(): ConnectionFigures {
    return { ...this.#crowd.count, ended: { ...this.#ended } };
  }

  /** Looks after the server's connections from now on. What is too many ends before any TLS is spoken. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => this.#meet(socket));
    server.on("secureConnection", (secure) => this.#listen(secure));
    server.on("clientError", ({ code = "" }: NodeJS.ErrnoException, socket) => {
      this.#ended[slow.has(code) ? "slow" : "malformed"] += 1;
      socket.destroy();
    });
  }

  /** Looks after a connection that came to no port, and is inside TLS already; under the name of its device. What is too many ends. */
  welcome(secure: Socket, name: string): void {
    const visit = this.#admit(secure, name);
    if (visit !== undefined) this.#bySecure.set(secure, visit);
  }

  #meet(socket: Socket): void {
    const visit = this.#admit(socket, addressBlock(socket.remoteAddress ?? ""));
    if (visit === undefined) return;
    const peer = peerOf(socket);
    this.#byPeer.set(peer, visit);
    socket.once("close", () => {
      if (this.#byPeer.get(peer) === visit) this.#byPeer.delete(peer);
    });
  }

  #admit(socket: Socket, block: string): Visit | undefined {
    const leaving = this.#crowd.admit(socket, block);
    if (leaving !== undefined) {
      this.#ended.crowded += 1;
      leaving.destroy();
    }
    if (leaving === socket) return undefined;
    const visit: Visit = { socket, unanswered: 0, toBody: undefined, silence: undefined };
    this.#visits.set(socket, visit);
    socket.once("close", () => {
      visit.silence?.[Symbol.dispose]();
      this.#crowd.leave(socket);
      this.#visits.delete(socket);
    });
    return visit;
  }

  /** TLS is agreed: from here on, it is to say what it wants. */
  #listen(secure: Socket): void {
    const visit = this.#bySecure.get(secure) ?? this.#byPeer.get(peerOf(secure));
    if (visit === undefined) {
      secure.destroy();
      return;
    }
    this.#bySecure.set(secure, visit);
    // A device has said its first line before it comes here, and may have said more.
    const before = secure.bytesRead - secure.readableLength;
    visit.silence = this.#clock.schedule(limits.firstByte, () => {
      // Of what came through TLS, not of TLS itself.
      if (secure.bytesRead > before) return;
      this.#ended.silent += 1;
      secure.destroy();
    });
  }

  /**
   * Notes whose a connection is, until it closes: of a principal, and of the login by which it came.
   * @throws GatehouseError `too-many-connections`
   */
  claim(secure: Duplex, { principal, login }: Claim): void {
    const own = this.#of.get(principal);
    if (own !== undefined && own.size >= limits.connectionsPerPrincipal && !own.has(secure)) {
      throw new GatehouseError("too-many-connections", `this client has ${own.size} connections already`);
    }
    this.#crowd.prove(this.#visitOf(secure).socket);
    this.#note(secure, principal);
    if (login !== undefined) this.#note(secure, login);
  }

  #note(secure: Duplex, owner: PrincipalId | LoginId): void {
    const sockets = this.#of.get(owner) ?? new Set();
    if (sockets.has(secure)) return;
    this.#of.set(owner, sockets.add(secure));
    secure.once("close", () => {
      sockets.delete(secure);
      if (sockets.size === 0 && this.#of.get(owner) === sockets) this.#of.delete(owner);
    });
  }

  /**
   * Counts a request on its connection, until it is answered. Of those with a body there is one at a time: nobody needs more, and what they
   * hold would be without bound.
   * @throws GatehouseError `too-many-requests`
   */
  begin(request: IncomingMessage, answer: ServerResponse): void {
    const { socket, headers } = request;
    const visit = this.#visitOf(socket);
    this.#requests.set(request, visit);
    visit.unanswered += 1;
    if (visit.unanswered > limits.pipelined) {
      throw new GatehouseError("too-many-requests", `${limits.pipelined} requests of this connection are unanswered`);
    }
    if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) return;
    // Over for the client once its last byte was handed to the system, which is before it is counted as delivered.
    if (visit.toBody?.writableEnded === false && !visit.toBody.destroyed) {
      throw new GatehouseError("too-many-requests", "a request with a body is under way on this connection already");
    }
    visit.toBody = answer;
  }

  answered(request: IncomingMessage): void {
    const visit = this.#requests.get(request);
    if (visit !== undefined) visit.unanswered -= 1;
    this.#requests.delete(request);
  }

  /** Lets the answer to a request go out that may end its own login; with it, the connection closes. */
  spare(secure: Duplex): Disposable {
    this.#spared.set(secure, "standing");
    return {
      [Symbol.dispose]: () => {
        if (this.#spared.get(secure) === "ended") secure.end(() => secure.destroy());
        this.#spared.delete(secure);
      },
    };
  }

  /** Closes every connection of a principal or a login, and with it whatever it asked. */
  end(owner: PrincipalId | LoginId): void {
    for (const secure of [...(this.#of.get(owner) ?? [])]) {
      // Behind an answer that goes on, the other would wait, and let it go on.
      if (this.#spared.has(secure) && this.#visitOf(secure).unanswered === 1) this.#spared.set(secure, "ended");
      else secure.destroy();
    }
  }

  endAll(): void {
    for (const socket of [...this.#visits.keys()]) socket.destroy();
  }

  #visitOf(secure: Duplex): Visit {
    const visit = this.#bySecure.get(secure);
    if (visit === undefined) throw new TypeError("a request on a connection that was never let in");
    return visit;
  }
}

const peerOf = ({ remoteAddress = "", remotePort = 0, localAddress = "" }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
