import type { Cancellable } from "@gatehouse/shared";
import type { Socket } from "node:net";

export interface ConnectionTarget {
  /** A name or a bare address (no brackets round IPv6). */
  readonly host: string;
  readonly port: number;
}

/** Counts the connections to a camera, for whoever may not make as many as it likes. */
export interface ConnectionGate {
  /**
   * Asked before each connection, which may have to wait; the pass is given back when it has closed.
   * @throws GatehouseError where none may be made, or the signal's reason
   */
  enter(to: ConnectionTarget, cancel: Cancellable): Promise<Disposable>;
  /** Tells when somebody waits for a pass: connections that lie idle are to be closed then. */
  onCrowded(listener: () => void): Disposable;
}

/** A connection that holds a pass of the gate for as long as it is open. Without a gate, just the connection. */
export const throughGate = async <S extends Socket>(
  { gate, to }: { readonly gate: ConnectionGate | undefined; readonly to: ConnectionTarget },
  connect: () => Promise<S>,
  cancel: Cancellable,
): Promise<S> => {
  if (gate === undefined) return connect();
  const pass = await gate.enter(to, cancel);
  try {
    const socket = await connect();
    if (socket.closed) pass[Symbol.dispose]();
    else socket.once("close", () => pass[Symbol.dispose]());
    return socket;
  } catch (error) {
    pass[Symbol.dispose]();
    throw error;
  }
};
