import { limits } from "./limits.ts";

/** What is known of a connection. Times are Clock.monotonic(). */
export interface ConnectionSigns {
  readonly now: number;
  readonly openedAt: number;
  readonly loggedIn: boolean;
  /** When its last bytes came. */
  readonly heardAt: number;
  /** When it last had taken all it was sent over the connection; undefined where nothing is. */
  readonly roomAt: number | undefined;
}

/** Why a connection is to be closed; undefined while it is to stay. `why` completes a log line. */
export const judgeConnection = ({ now, openedAt, loggedIn, heardAt, roomAt }: ConnectionSigns): string | undefined => {
  if (!loggedIn) return now - openedAt > limits.login ? "nobody logged in" : undefined;
  // Many players say nothing while they play over TCP, and that they read is sign enough.
  const aliveAt = Math.max(heardAt, roomAt ?? -Infinity);
  return now - aliveAt > limits.session ? "no sign of life" : undefined;
};
