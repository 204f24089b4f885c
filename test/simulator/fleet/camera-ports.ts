import type { Server, Socket } from "node:net";

import { Port } from "../port.ts";
import type { CameraCore } from "./camera-core.ts";
import { admits } from "./address-filter.ts";
import { wantedPorts, type WantedPort } from "./tcp-servers.ts";
import { wantedSockets, type OpenSocket } from "./udp-servers.ts";
import type { Wire } from "./wire.ts";

/** Connections that a camera saw, on all its TCP ports. */
export interface ConnectionCounts {
  now: number;
  /** Most at one time. */
  peak: number;
  /** When each came, milliseconds since the epoch. */
  readonly at: number[];
}

/** A camera's ports: those are open that its settings want open, no others. */
export class CameraPorts implements AsyncDisposable {
  readonly connections: ConnectionCounts = { now: 0, peak: 0, at: [] };
  readonly #core: CameraCore;
  readonly #wire: Wire | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #tcp = new Map<string, Port>();
  readonly #udp = new Map<string, OpenSocket>();
  /** One change after the other. */
  #last: Promise<void> = Promise.resolve();
  #down = false;

  /** @param wire that is the camera's own, where it has one */
  constructor(core: CameraCore, wire?: Wire) {
    this.#core = core;
    this.#wire = wire;
  }

  /** Opens and closes what the settings ask for. */
  async settle(): Promise<void> {
    const settled = this.#last.then(() => this.#settle());
    this.#last = settled.catch(() => undefined);
    await settled;
  }

  /** While it is down nothing is open, whatever the settings. */
  async shut(down: boolean): Promise<void> {
    this.#down = down;
    await this.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut(true);
  }

  async #settle(): Promise<void> {
    const { network, filter } = this.#core.state;
    const wanted = this.#down ? [] : this.#hosts().flatMap((host) => wantedPorts(this.#core).map(at(host)));
    const keys = new Set(wanted.map(keyOf));
    for (const socket of this.#sockets) if (!admits(filter, socket.remoteAddress ?? "")) socket.resetAndDestroy();
    for (const [key, port] of this.#tcp) {
      if (keys.has(key)) continue;
      this.#tcp.delete(key);
      await this.#close(key, port);
    }
    await this.#wire?.settle(network);
    for (const port of wanted) {
      if (!this.#tcp.has(keyOf(port))) this.#tcp.set(keyOf(port), await this.#open(port));
    }
    await this.#settleUdp();
  }

  /** Where it can be spoken to; by IPv6 only over a wire of its own. */
  #hosts(): readonly string[] {
    const { address, state } = this.#core;
    const { enabled, global } = state.network.ipv6;
    return this.#wire !== undefined && enabled ? [address, global] : [address];
  }

  async #open({ host, port, server }: PlacedPort): Promise<Port> {
    const counted = (): Server => server().on("connection", (socket: Socket) => this.#accept(socket));
    return await Port.open({ server: counted, host, port });
  }

  /** A web server may owe an answer to the very request that closes it; it says that it closes, and keeps nobody. */
  async #close(key: string, port: Port): Promise<void> {
    const isWeb = key.includes(" http") || key.includes(" tls");
    if (isWeb && !this.#down) port.shut();
    else await port[Symbol.asyncDispose]();
  }

  #accept(socket: Socket): void {
    const { connections } = this;
    connections.now += 1;
    connections.peak = Math.max(connections.peak, connections.now);
    connections.at.push(Date.now());
    this.#sockets.add(socket);
    socket.once("close", () => {
      connections.now -= 1;
      this.#sockets.delete(socket);
    });
    if (!admits(this.#core.state.filter, socket.remoteAddress ?? "")) socket.resetAndDestroy();
  }

  async #settleUdp(): Promise<void> {
    const wanted = this.#down ? [] : wantedSockets(this.#core);
    const keys = new Set(wanted.map(({ look }) => look));
    for (const [key, socket] of this.#udp) {
      if (keys.has(key)) continue;
      this.#udp.delete(key);
      await socket[Symbol.asyncDispose]();
    }
    for (const { look, open } of wanted) if (!this.#udp.has(look)) this.#udp.set(look, await open());
  }
}

interface PlacedPort extends WantedPort {
  readonly host: string;
}

const at = (host: string) => (port: WantedPort) => ({ ...port, host });

const keyOf = ({ host, port, look }: PlacedPort): string => `${host} ${port} ${look}`;
