import { onAbort, systemCode, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";
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
 * @returns undefined where it cannot be told: no public IPv4 address is known (by IPv6 nothing is forwarded), nothing answers at all, as at a router that does
 * not loop back, or the router itself has that port open inside, and so may answer for itself
 */
export const isHairpinOpen = async (
  { clock, outside, router, port }: Hairpin,
  cancel: Cancellable,
): Promise<boolean | undefined> => {
  if (outside === null || judgeOutsideAddress(outside) !== "public") return undefined;
  const answer = await knock({ clock, host: outside, port }, cancel);
  if (answer !== "open") return answer === "refused" ? false : undefined;
  return (await knock({ clock, host: router, port }, cancel)) === "open" ? undefined : true;
};

interface Place {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
}

/** What somebody on the way has said no by. */
const refusals = new Set(["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"]);

type Answer = "open" | "refused" | "silent";

const knock = async ({ clock, host, port }: Place, { signal }: Cancellable): Promise<Answer> => {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = connect({ host, port });
  using knocking = new DisposableStack();
  knocking.defer(() => socket.destroy());
  knocking.use(clock.schedule(patienceMs, () => resolve("silent")));
  knocking.use(onAbort(signal, () => socket.destroy()));
  socket.once("connect", () => resolve("open"));
  socket.on("error", (error) => resolve(refusals.has(systemCode(error) ?? "") ? "refused" : "silent"));
  return await untilAborted(signal, promise);
};
