import {
  GatehouseError,
  type Camera,
  type CameraId,
  type Clock,
  type Event,
  type EventBus,
  type GatewayId,
  type Logger,
  type Principal,
  type PrincipalId,
  type ServerMessage,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";

import { decideAccess, visibleCameras } from "../domain/access-policy.ts";
import { mayHear } from "./event-policy.ts";
import { limits } from "./limits.ts";

export interface EventFeedOptions {
  readonly gateway: { readonly id: GatewayId; readonly name: string; readonly version: string };
  readonly events: Pick<EventBus<Event>, "on">;
  readonly cameras: () => readonly Camera[];
  /** Cameras in motion now. */
  readonly inMotion: () => readonly CameraId[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** One client that hears events. */
interface Recipient {
  readonly id: PrincipalId;
  readonly socket: WebSocket;
  /** The principal as it stands now; undefined once it was revoked. */
  readonly principal: () => Principal | undefined;
  unanswered: number;
}

const sentSomething = 1008;
const toleratedPings = 2;

/** Sends every event to every client that may hear it. */
export class EventFeed implements Disposable {
  readonly #options: EventFeedOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.webSocketMessage,
    perMessageDeflate: false,
  });
  readonly #recipients = new Set<Recipient>();
  readonly #subscription: Disposable;
  #beat: Disposable;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#subscription = options.events.on((event) => this.#publish(event));
    this.#beat = options.clock.schedule(limits.ping, () => this.#ping());
  }

  /** @throws GatehouseError `too-many-sessions` */
  accept(request: IncomingMessage, head: Buffer, principal: () => Principal | undefined): void {
    if (this.#recipients.size >= limits.webSockets) {
      throw new GatehouseError("too-many-sessions", `${limits.webSockets} clients hear events already`);
    }
    const id = principal()?.id;
    const own = [...this.#recipients].filter((recipient) => recipient.id === id);
    if (id === undefined || own.length >= limits.webSocketsPerPrincipal) {
      throw new GatehouseError("too-many-sessions", `this client hears events over ${own.length} connections already`);
    }
    this.#server.handleUpgrade(request, request.socket, head, (socket) =>
      this.#welcome({ id, socket, principal, unanswered: 0 }),
    );
  }

  #welcome(recipient: Recipient): void {
    const { socket, principal } = recipient;
    const { log } = this.#options;
    socket.on("error", (error) => {
      log.debug("events connection failed", { error: error.message });
      socket.terminate();
    });
    socket.on("message", () => socket.close(sentSomething, "clients send nothing here"));
    socket.on("pong", () => (recipient.unanswered = 0));
    socket.on("close", () => this.#recipients.delete(recipient));
    this.#recipients.add(recipient);
    const now = principal();
    if (now === undefined) socket.terminate();
    else this.#send(recipient, this.#hello(now));
  }

  #hello(principal: Principal): ServerMessage {
    const { gateway, cameras, inMotion } = this.#options;
    return {
      kind: "hello",
      gateway,
      principal: { id: principal.id, name: principal.name },
      cameras: [...visibleCameras(principal, cameras())],
      motion: inMotion().filter((camera) => decideAccess(principal, { action: "events", camera }).kind === "allow"),
    };
  }

  #publish(event: Event): void {
    for (const recipient of [...this.#recipients]) {
      // Asked anew for each event: grants may have changed since the connection was made.
      const principal = this.#principalOf(recipient);
      if (principal === undefined) recipient.socket.terminate();
      else if (mayHear(principal, event)) this.#send(recipient, { kind: "event", event });
    }
  }

  /** While nobody can be looked up (a failing disk), nobody is known: this runs in timers, where a throw would end the gateway. */
  #principalOf(recipient: Recipient): Principal | undefined {
    try {
      return recipient.principal();
    } catch (error) {
      this.#options.log.error("principal could not be looked up", { error: String(error) });
      return undefined;
    }
  }

  #send({ socket }: Recipient, message: ServerMessage): void {
    socket.send(JSON.stringify(message));
    if (socket.bufferedAmount <= limits.webSocketBacklog) return;
    this.#options.log.warn("slow events reader let go");
    socket.terminate();
  }

  #ping(): void {
    this.#beat = this.#options.clock.schedule(limits.ping, () => this.#ping());
    for (const recipient of [...this.#recipients]) {
      if (recipient.unanswered >= toleratedPings || this.#principalOf(recipient) === undefined)
        recipient.socket.terminate();
      else recipient.socket.ping();
      recipient.unanswered += 1;
    }
  }

  /** Lets everybody go. */
  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#beat[Symbol.dispose]();
    for (const { socket } of [...this.#recipients]) socket.terminate();
  }
}
