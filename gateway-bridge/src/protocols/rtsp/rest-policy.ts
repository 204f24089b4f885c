/**
 * What a connection brings may lie in the system's own memory for so long while nobody waits for it. To read a camera's network
 * whenever a packet comes costs more than all that is done with the packets: most of it is the way into the program and back.
 */
const restMs = 200;
/**
 * After more than this in one turn, more may be on its way: of a camera whose window was full. It is half of what Linux opens for a
 * new connection (net.ipv4.tcp_rmem), so nobody is held up for longer than one rest.
 */
export const muchBytes = 32 * 1024;
/** How long such a camera needs to send on: more than a home's network takes there and back. */
const sendOnMs = 4;
/** Half a second in thirty, what comes is read as it comes: else nobody would know how evenly it does. */
const closelyMs = 500;
const closelyEveryMs = 30_000;

export interface Turn {
  /** Somebody waits for what comes. */
  readonly awaited: boolean;
  /** What was read in this turn. */
  readonly bytes: number;
  /** Clock.monotonic() */
  readonly now: number;
}

/** What follows a turn: a rest, another turn, or none of both, because what comes is read as it comes. In ms. */
export type AfterTurn = { readonly rest: number } | { readonly turn: number } | undefined;

/** All rests of a process end at the same moments, so that it wakes up once for many cameras. */
export const decideRest = ({ awaited, bytes, now }: Turn): AfterTurn => {
  if (awaited || now % closelyEveryMs < closelyMs) return undefined;
  if (bytes >= muchBytes) return { turn: sendOnMs };
  return { rest: restMs - (now % restMs) };
};
