import type { Clock } from "@gatehouse/shared";
import type { Http2Session } from "node:http2";

import { mostMissedPings, pingEveryMs } from "../protocol/reverse-http2.ts";

export interface KeepAliveOptions {
  readonly session: Pick<Http2Session, "ping" | "destroyed">;
  readonly clock: Clock;
  readonly onDead: () => void;
}

/** Asks the other side whether it is there until disposed of: a connection that lost its way says nothing by itself. RFC 9113 6.7 */
export const keepAlive = ({ session, clock, onDead }: KeepAliveOptions): Disposable => {
  let missed = 0;
  const beat = (): void => {
    if (missed === mostMissedPings) {
      onDead();
      return;
    }
    if (session.destroyed) return;
    missed += 1;
    session.ping((error) => {
      if (error === null) missed = 0;
    });
    timer = clock.schedule(pingEveryMs, beat);
  };
  let timer = clock.schedule(pingEveryMs, beat);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
};
