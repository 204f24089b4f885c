import { systemClock } from "@gatehouse/shared";

import { SetClock } from "./set-clock.ts";

const shortestMs = 10;
const mostPieces = 20;

/**
 * Waits in pieces, between which what has come is read: of the time in which the process was held up, one piece counts. For tests whose counterparts
 * are in the same process, and could not answer meanwhile either.
 */
export class UnhurriedClock extends SetClock {
  override schedule(ms: number, run: () => void): Disposable {
    const pieceMs = Math.max(shortestMs, ms / mostPieces);
    const wait = (left: number): Disposable =>
      systemClock.schedule(Math.min(left, pieceMs), () => {
        if (left <= pieceMs) run();
        else timer = wait(left - pieceMs);
      });
    let timer = wait(ms);
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}
