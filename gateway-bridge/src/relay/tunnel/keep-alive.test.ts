import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { pingEveryMs } from "../protocol/reverse-http2.ts";
import { keepAlive } from "./keep-alive.ts";

type Answer = (error: Error | null, duration: number, payload: Buffer) => void;

/** A session that keeps what it would answer. */
const makeSession = () => {
  const asked: Answer[] = [];
  const session = { destroyed: false, ping: (answer: Answer) => asked.push(answer) > 0 };
  return { asked, session, answer: () => asked.splice(0).forEach((each) => each(null, 1, Buffer.alloc(8))) };
};

const start = () => {
  const [clock, world] = [new TestClock(), makeSession()];
  let deaths = 0;
  const alive = keepAlive({ session: world.session as never, clock, onDead: () => (deaths += 1) });
  return { clock, ...world, alive, deaths: () => deaths };
};

describe("keepAlive", () => {
  it("gives a session up that missed two pings, once", async () => {
    const { clock, asked, deaths } = start();
    await clock.advance(3 * pingEveryMs - 1);
    expect([asked.length, deaths()]).toEqual([2, 0]);
    await clock.advance(1);
    expect(deaths()).toBe(1);
    await clock.advance(10 * pingEveryMs);
    expect([asked.length, deaths()]).toEqual([2, 1]);
  });

  it("forgets a missed ping with the next answer", async () => {
    const { clock, answer, deaths } = start();
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(2 * pingEveryMs);
      answer();
    }
    expect(deaths()).toBe(0);
  });

  it("asks nothing of a session that has ended, nor after it was disposed of", async () => {
    const ended = start();
    ended.session.destroyed = true;
    await ended.clock.advance(10 * pingEveryMs);
    expect(ended.asked).toEqual([]);
    const disposed = start();
    disposed.alive[Symbol.dispose]();
    await disposed.clock.advance(10 * pingEveryMs);
    expect([disposed.asked, disposed.clock.pending]).toEqual([[], 0]);
  });
});
