/**
 * What a connection brings may lie in the system's own memory for so long while nobody waits for it. To read a camera's network
 * whenever a packet comes costs more than all that is done with the packets: most of it is the way into the program and back.
 */
export const restMs = 200;
/**
 * After more than this in one go, more is to be expected: the next is read as soon as it is there. It is half of the window that
 * Linux opens for a new connection (net.ipv4.tcp_rmem), so no camera is ever held up by a full one for longer than one rest.
 */
export const muchBytes = 32 * 1024;
/** One second in twenty, what comes is read as it comes: else nobody would know how evenly it does. */
const closelyMs = 1_000;
const closelyEveryMs = 20_000;

export interface Turn {
  /** Somebody waits for what comes. */
  readonly awaited: boolean;
  /** What was read in this turn. */
  readonly bytes: number;
  /** Clock.monotonic() */
  readonly now: number;
}

/**
 * How long to leave a connection unread, in ms; 0 for not at all. All rests of a process end at the same moments, so that it wakes up
 * once for many cameras.
 */
export const decideRest = ({ awaited, bytes, now }: Turn): number => {
  if (awaited || bytes >= muchBytes || now % closelyEveryMs < closelyMs) return 0;
  return restMs - (now % restMs);
};
