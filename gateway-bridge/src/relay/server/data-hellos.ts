import { DataHello, frameLimits, readFrame, withDeadline, type Clock } from "@gatehouse/shared";

import type { EnrolledGateway } from "./gateway-book.ts";
import { fixedLimits } from "./limits.ts";
import type { Arrival } from "./listener.ts";
import type { Tunnels } from "./tunnels.ts";

export interface DataHelloOptions {
  readonly tunnels: Tunnels;
  readonly clock: Clock;
}

/**
 * Gives a gateway's further connection to its tunnel, which it has to name. It is closed where the tunnel is none, or another gateway's.
 * Never rejects.
 */
export const takeDataConnection = async (
  { socket }: Arrival,
  { id }: EnrolledGateway,
  { tunnels, clock }: DataHelloOptions,
): Promise<void> => {
  const ending = new AbortController();
  socket.once("close", () => ending.abort());
  const deadline = { signal: ending.signal, clock, ms: fixedLimits.proof, what: "the tunnel's name" };
  try {
    const { tunnel: name } = await withDeadline(deadline, ({ signal }) =>
      readFrame(socket, DataHello, { signal, limit: frameLimits.device }),
    );
    const tunnel = tunnels.named(name);
    if (tunnel?.gateway === id && tunnel.admission !== undefined) tunnel.data.offer(socket);
    else socket.destroy();
  } catch {
    socket.destroy();
  }
};
