import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { deviceLabel } from "../domain/device-label.ts";
import type { Visitor } from "../ports.ts";
import type { LocalEnd } from "./host-guard.ts";

/** Who is at the other end of each connection, as far as the connection itself shows it. */
export class Peers {
  readonly #visitors = new WeakMap<Duplex, Visitor>();
  readonly #doors = new WeakMap<Duplex, LocalEnd>();

  /** Notes the device that a connection through the relay is by. */
  welcome(socket: TLSSocket, visitor: Visitor): void {
    this.#visitors.set(socket, visitor);
    this.#doors.set(socket, { door: socket.servername || "" });
  }

  /** Undefined for whoever came to the port. */
  visitorOf(socket: Duplex): Visitor | undefined {
    return this.#visitors.get(socket);
  }

  /** What limits and the audit log know the other end by: its address, or the device. An address below a channel is the relay's. */
  nameOf(socket: Socket): string {
    const visitor = this.#visitors.get(socket);
    return visitor === undefined ? (socket.remoteAddress ?? "") : deviceLabel(visitor.device);
  }

  /** Where it came to. */
  localEndOf(socket: Socket): LocalEnd {
    return this.#doors.get(socket) ?? { address: socket.localAddress ?? "", port: socket.localPort ?? 0 };
  }
}
