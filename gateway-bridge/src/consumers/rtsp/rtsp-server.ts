import {
  toGatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type EventBus,
  type Logger,
  type Place,
  type PrincipalId,
  type TierName,
} from "@gatehouse/shared";
import type { Socket } from "node:net";

import { Crowd, type CrowdCount } from "../../domain/crowd.ts";
import { deviceLabel } from "../../domain/device-label.ts";
import { matchesFilter, type SessionFilter } from "../../domain/session-filter.ts";
import type { AccessLog, AuditSink, Hold, Holder, ServerCertificates, SignedInVisitor } from "../../ports.ts";
import { limits } from "./limits.ts";
import { ReaderConnection, type ReaderConnectionOptions } from "./reader-connection.ts";
import { ReaderGate, type ReaderLogins, type ReaderPeople } from "./reader-gate.ts";
import { PasswordLogin, PersonLogin } from "./reader-login.ts";
import type { ReaderStreams } from "./request-handler.ts";
import { RtspListener, type RtspListenerOptions } from "./rtsp-listener.ts";
import type { ReaderTalk } from "./talk-track.ts";

export interface RtspServerOptions {
  /** Of RTSPS. A literal address or a name; port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** PEM. */
  readonly tls: ServerCertificates;
  /** Opens a port for plain RTSP too, which everybody on the way can read, and whose media may go by UDP. */
  readonly plain?: { readonly port: number } | undefined;
  readonly logins: ReaderLogins;
  /** Without them nobody comes from away. */
  readonly people?: ReaderPeople;
  /** Tells of each principal at the moment it is revoked. */
  readonly revocations: Pick<EventBus<PrincipalId>, "on">;
  /** Where somebody is whose connection comes from this address. */
  readonly placeOf: (peer: string) => Place;
  readonly streams: ReaderStreams;
  /** Where what readers say goes; without it nobody talks. */
  readonly talk?: ReaderTalk;
  /** The tiers of a camera, undefined where there is no such camera. */
  readonly tiers: (camera: CameraId) => readonly TierName[] | undefined;
  readonly audit: AuditSink;
  readonly accesses: AccessLog;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Ports that the server listens on. */
export interface RtspPorts {
  readonly secure: number;
  readonly plain: number | undefined;
}

interface Door {
  readonly ports: RtspPorts;
  readonly listeners: AsyncDisposableStack;
}

/**
 * Serves the cameras over RTSPS, and over plain RTSP where the owner opened it, to applications that log in with a password of
 * their own. It listens while there is an application that may watch: with none, no port is open.
 */
export class RtspServer implements AsyncDisposable, Holder {
  readonly #options: RtspServerOptions;
  readonly #gate: ReaderGate;
  readonly #crowd = new Crowd<Socket>({
    total: limits.connections,
    strangersPerBlock: limits.strangersPerAddress,
  });
  #crowded = 0;
  readonly #connections = new Set<ReaderConnection>();
  readonly #listening = new DisposableStack();
  #door: Door | undefined;
  /** Opening and closing, one after the other. */
  #settling: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: RtspServerOptions) {
    this.#options = options;
    this.#gate = new ReaderGate(options);
    this.#listening.use(options.revocations.on((principal) => this.endAll({ principal }, "the login was revoked")));
    const { people } = options;
    if (people !== undefined) {
      this.#listening.use(people.onEnded((login) => this.endAll({ login }, "the login has ended")));
    }
    this.#listening.use(options.logins.onChanged(() => void this.ports().catch(() => undefined)));
  }

  /** @throws GatehouseError `address-in-use`, `config-invalid` where it cannot listen */
  static async open(options: RtspServerOptions, { signal }: Cancellable): Promise<RtspServer> {
    signal.throwIfAborted();
    const server = new RtspServer(options);
    try {
      await server.ports();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * The ports that are open, as soon as they are: undefined while no application may watch. Tries again what failed before.
   * @throws GatehouseError `address-in-use`, `config-invalid` where it cannot listen
   */
  async ports(): Promise<RtspPorts | undefined> {
    const settled = this.#settling.catch(() => undefined).then(() => this.#settle());
    this.#settling = settled.catch((error: unknown) => {
      const { code, message, remedy } = toGatehouseError(error);
      this.#options.log.error("RTSP cannot be served", { code, message, remedy });
    });
    await settled;
    return this.#door?.ports;
  }

  /**
   * Serves a connection that a device made through the relay, inside TLS that ends here, to the person of the login that was shown, whether
   * a port is open or not.
   */
  accept(socket: Socket, visitor: SignedInVisitor): void {
    const leaving = this.#crowd.admit(socket, deviceLabel(visitor.device));
    if (leaving !== undefined) this.#crowded += 1;
    leaving?.destroy();
    socket.once("close", () => this.#crowd.leave(socket));
    if (this.#closed) socket.destroy();
    if (socket.destroyed) return;
    this.#crowd.prove(socket);
    this.#serve({ socket, prove: () => undefined, secure: true, login: new PersonLogin(this.#gate, visitor) });
  }

  /** Sessions of readers: those that play, and those that are set up. */
  sessions(): number {
    return [...this.#connections].filter(({ hasSession }) => hasSession).length;
  }

  /** Connections there are, and how many were ended because there were too many. */
  get connections(): CrowdCount & { readonly crowded: number } {
    return { ...this.#crowd.count, crowded: this.#crowded };
  }

  /** Bytes that wait in connections for readers that are slow; at most a picture and 64 KB for each. */
  unsent(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.unsent, 0);
  }

  holds(): readonly Hold[] {
    return [...this.#connections].flatMap(({ owner: { principal, camera, ...standing } }) =>
      principal === undefined || camera === undefined ? [] : [{ principal, camera, ...standing, action: "live" }],
    );
  }

  /** Closes the connections of a revoked login, or those on a removed camera. Not a packet follows. */
  endAll(of: SessionFilter, why: string): void {
    for (const connection of [...this.#connections]) if (matchesFilter(of, connection.owner)) connection.end(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#listening.dispose();
    for (const connection of [...this.#connections]) connection[Symbol.dispose]();
    await this.ports().catch(() => undefined);
  }

  /** Opens or closes the door, as it should be now. */
  async #settle(): Promise<void> {
    const wanted = !this.#closed && this.#options.logins.any;
    const door = this.#door;
    if (wanted && door === undefined) this.#door = await this.#open();
    if (wanted || door === undefined) return;
    this.#door = undefined;
    await door.listeners.disposeAsync();
    this.#options.log.info("RTSP is closed: no application may watch");
  }

  async #open(): Promise<Door> {
    const { listen, plain, tls, log } = this.#options;
    await using opening = new AsyncDisposableStack();
    const way = (secure: boolean): Pick<RtspListenerOptions, "crowd" | "onCrowded" | "accept"> => ({
      crowd: this.#crowd,
      onCrowded: () => void (this.#crowded += 1),
      accept: (socket, prove) => this.#accept(socket, prove, secure),
    });
    const secure = opening.use(await RtspListener.open({ ...listen, tls, ...way(true) }));
    const { host } = listen;
    const readable =
      plain && opening.use(await RtspListener.open({ host, port: plain.port, tls: undefined, ...way(false) }));
    log.info("RTSP is served", { rtsps: secure.address, rtsp: readable?.address });
    return { ports: { secure: secure.port, plain: readable?.port }, listeners: opening.move() };
  }

  #accept(socket: Socket, prove: () => void, secure: boolean): void {
    const login = new PasswordLogin(this.#gate, { peer: socket.remoteAddress ?? "", secure });
    this.#serve({ socket, prove, secure, login });
  }

  #serve(own: Pick<ReaderConnectionOptions, "socket" | "prove" | "secure" | "login">): void {
    const { streams, talk, tiers, clock, log } = this.#options;
    const onClosed = (closed: ReaderConnection): void => void this.#connections.delete(closed);
    const gate = this.#gate;
    const connection = new ReaderConnection({ ...own, gate, onClosed, streams, talk, tiers, clock, log });
    this.#connections.add(connection);
  }
}
