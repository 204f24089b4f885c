import {
  GatehouseError,
  type Camera,
  type CameraId,
  type Clock,
  type Event,
  type EventBus,
  type GatewayId,
  type Logger,
  type LoginId,
  type Notice,
  type NoticeMessage,
  type PrincipalId,
  type ServerMessage,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { WebSocketServer, type WebSocket } from "ws";

import { decideAccess, visibleCameras } from "../domain/access-policy.ts";
import type { Circumstances, Standing } from "../domain/circumstances.ts";
import { addressBlock } from "../domain/address-block.ts";
import { assertRoom, type Occupant, type RoomLimits } from "../domain/room-policy.ts";
import { matchesFilter, type SessionFilter } from "../domain/session-filter.ts";
import type { Caller, Hold, Holder } from "../ports.ts";
import { mayBeTold, mayHear } from "./event-policy.ts";
import { limits } from "./limits.ts";

export interface EventFeedOptions {
  readonly gateway: { readonly id: GatewayId; readonly name: string; readonly version: string };
  readonly events: Pick<EventBus<Event>, "on">;
  readonly notices: { onRaised(listener: (notice: Notice) => void): Disposable };
  readonly cameras: () => readonly Camera[];
  /** Cameras in motion now. */
  readonly inMotion: () => readonly CameraId[];
  readonly clock: Clock;
  readonly log: Logger;
}

export interface NewListener {
  readonly peer: string;
  /** The principal as it stands now, and how it came in; undefined once it was revoked. */
  readonly caller: () => Caller | undefined;
}

/** One client that hears events. */
interface Recipient extends Occupant {
  readonly principal: PrincipalId;
  readonly login: LoginId | undefined;
  readonly socket: WebSocket;
  readonly caller: NewListener["caller"];
  /** What it was told last. */
  told: Told;
  unanswered: number;
}

/** The cameras that a client knows of, and those of them that it may hear. */
interface Told extends Standing {
  readonly sees: readonly CameraId[];
  readonly hears: readonly CameraId[];
}

const nothing: Told = { place: "away", assurance: "one", sees: [], hears: [] };
const room: RoomLimits = {
  total: limits.webSockets,
  perBlock: limits.webSocketsPerAddress,
  perPrincipal: limits.webSocketsPerPrincipal,
  perLogin: limits.webSocketsPerLogin,
};
const sentSomething = 1008;
const toleratedPings = 2;

/** Sends every event to every client that may hear it. */
export class EventFeed implements Disposable, Holder {
  readonly #options: EventFeedOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.webSocketMessage,
    perMessageDeflate: false,
  });
  readonly #recipients = new Set<Recipient>();
  readonly #subscription: Disposable;
  readonly #notices: Disposable;
  #beat: Disposable;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#subscription = options.events.on((event) => this.#publish(event));
    this.#notices = options.notices.onRaised((notice) => this.#tell(notice));
    this.#beat = options.clock.schedule(limits.ping, () => this.#ping());
  }

  /**
   * @param listener `peer` is what it is counted by, an address or a device
   * @throws GatehouseError `too-many-sessions`
   */
  accept(request: IncomingMessage, head: Buffer, { peer, caller }: NewListener): void {
    const { principal: { id: principal } = {}, login: { id: login } = {} } = caller() ?? {};
    if (principal === undefined) throw new GatehouseError("access-denied", "this client may not do this any more");
    const newcomer = { principal, login, block: addressBlock(peer) };
    assertRoom("connections that hear events", { taken: [...this.#recipients], newcomer, limits: room });
    this.#server.handleUpgrade(request, request.socket, head, (socket) =>
      this.#welcome({ ...newcomer, socket, caller, told: nothing, unanswered: 0 }),
    );
  }

  #welcome(recipient: Recipient): void {
    const { socket, caller } = recipient;
    const { log } = this.#options;
    socket.on("error", (error) => {
      log.debug("events connection failed", { error: error.message });
      socket.terminate();
    });
    socket.on("message", () => socket.close(sentSomething, "clients send nothing here"));
    socket.on("pong", () => (recipient.unanswered = 0));
    socket.on("close", () => this.#recipients.delete(recipient));
    this.#recipients.add(recipient);
    const now = caller();
    if (now === undefined) socket.terminate();
    else this.#greet(recipient, now);
  }

  #greet(recipient: Recipient, caller: Caller): void {
    const { gateway, cameras, inMotion } = this.#options;
    const { id, name } = caller.principal;
    const told = this.#toTell(caller);
    recipient.told = told;
    this.#send(recipient, {
      kind: "hello",
      gateway,
      principal: { id, name },
      cameras: cameras().filter((camera) => told.sees.includes(camera.id)),
      motion: inMotion().filter((camera) => told.hears.includes(camera)),
    });
  }

  #toTell({ principal, place, assurance }: Caller): Told {
    const circumstances: Circumstances = { now: this.#options.clock.now(), place, assurance };
    const sees = visibleCameras(principal, this.#options.cameras(), circumstances).map(({ id }) => id);
    const hears = sees.filter(
      (camera) => decideAccess(principal, { action: "events", camera }, circumstances).kind === "allow",
    );
    return { place, assurance, sees, hears };
  }

  holds(): readonly Hold[] {
    return [...this.#recipients].flatMap(({ principal, login, told: { hears, place, assurance } }) =>
      hears.map((camera): Hold => ({ principal, camera, place, assurance, login, action: "events" })),
    );
  }

  /** Tells them what is left to them. They hear no more than that in any case, because each event is judged by itself. */
  endAll(of: SessionFilter, why: string): void {
    for (const recipient of [...this.#recipients]) {
      const { principal, login, socket, told } = recipient;
      const { hears, place, assurance } = told;
      if (!hears.some((camera) => matchesFilter(of, { principal, camera, place, assurance, login }))) continue;
      this.#options.log.info("fewer events are told", { principal, why });
      this.#tellAnew(recipient);
      if (recipient.told === told) socket.terminate();
    }
  }

  /** Tells a principal of its cameras, where they are others than before. */
  follow(id: PrincipalId): void {
    for (const recipient of [...this.#recipients]) if (recipient.principal === id) this.#tellAnew(recipient);
  }

  #tellAnew(recipient: Recipient): void {
    const caller = this.#callerOf(recipient);
    if (caller === undefined) recipient.socket.terminate();
    else if (!isDeepStrictEqual(this.#toTell(caller), recipient.told)) this.#greet(recipient, caller);
  }

  #publish(event: Event): void {
    const now = this.#options.clock.now();
    for (const recipient of [...this.#recipients]) {
      // Asked anew for each event: grants may have changed since the connection was made.
      const caller = this.#callerOf(recipient);
      if (caller === undefined) recipient.socket.terminate();
      else if (mayHear(caller.principal, event, { ...caller, now })) this.#send(recipient, { kind: "event", event });
    }
  }

  #tell(notice: Notice): void {
    const now = this.#options.clock.now();
    for (const recipient of [...this.#recipients]) {
      const caller = this.#callerOf(recipient);
      if (caller !== undefined && mayBeTold(caller, notice, now)) this.#send(recipient, { kind: "notice", notice });
    }
  }

  /** While nobody can be looked up (a failing disk), nobody is known: this runs in timers, where a throw would end the gateway. */
  #callerOf(recipient: Recipient): Caller | undefined {
    try {
      return recipient.caller();
    } catch (error) {
      this.#options.log.error("principal could not be looked up", { error: String(error) });
      return undefined;
    }
  }

  #send({ socket }: Recipient, message: ServerMessage | NoticeMessage): void {
    socket.send(JSON.stringify(message));
    if (socket.bufferedAmount <= limits.webSocketBacklog) return;
    this.#options.log.warn("slow events reader let go");
    socket.terminate();
  }

  #ping(): void {
    this.#beat = this.#options.clock.schedule(limits.ping, () => this.#ping());
    for (const recipient of [...this.#recipients]) {
      // Rights begin and end by themselves too.
      this.#tellAnew(recipient);
      if (recipient.unanswered >= toleratedPings) recipient.socket.terminate();
      else recipient.socket.ping();
      recipient.unanswered += 1;
    }
  }

  /** Lets everybody go. */
  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#notices[Symbol.dispose]();
    this.#beat[Symbol.dispose]();
    for (const { socket } of [...this.#recipients]) socket.terminate();
  }
}
