import { onAbort, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";
import { connect } from "node:net";

import { judgeOutsideAddress } from "./outside-address-policy.ts";

export interface Hairpin {
  readonly clock: Clock;
  /** The home's own address outside, as its router tells it. */
  readonly outside: string | null;
  /** The router's address inside. */
  readonly router: string;
  readonly port: number;
}

const patienceMs = 1_500;

/**
 * Whether a port of the home's own outside address leads to somebody inside: routers that loop such connections back show static forwardings
 * in this way, too. A connection is made and closed; nothing is ever sent.
 * @returns undefined where it cannot be told: no public address is known, or the router itself has that port open inside, and so may answer for itself
 */
export const isHairpinOpen = async (
  { clock, outside, router, port }: Hairpin,
  cancel: Cancellable,
): Promise<boolean | undefined> => {
  if (outside === null || judgeOutsideAddress(outside) !== "public") return undefined;
  if (!(await isOpen({ clock, host: outside, port }, cancel))) return false;
  return (await isOpen({ clock, host: router, port }, cancel)) ? undefined : true;
};

interface Place {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
}

const isOpen = async ({ clock, host, port }: Place, { signal }: Cancellable): Promise<boolean> => {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  using knocking = new DisposableStack();
  knocking.defer(() => socket.destroy());
  knocking.use(clock.schedule(patienceMs, () => resolve(false)));
  knocking.use(onAbort(signal, () => socket.destroy()));
  socket.once("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  return await untilAborted(signal, promise);
};
