import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { CameraLane, connectionPauseMs, mostConnections } from "./camera-lane.ts";

const never = { signal: new AbortController().signal };

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe("CameraLane", () => {
  it("lets one new connection begin in 250 ms", async () => {
    const clock = new TestClock();
    const lane = new CameraLane({ clock, pauseMs: connectionPauseMs });
    const begun: number[] = [];
    const start = clock.now();
    const all = Array.from({ length: 6 }, async () => {
      using _pass = await lane.connection(never);
      begun.push(clock.now() - start);
    });
    await clock.advance(5 * connectionPauseMs);
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5].map((n) => n * connectionPauseMs));
  });

  it("has no more connections at a time than it may, and never more than four", async () => {
    const lane = new CameraLane({ clock: new TestClock(), pauseMs: 0 });
    expect(mostConnections).toBeLessThanOrEqual(4);
    const passes = await Promise.all(Array.from({ length: mostConnections }, () => lane.connection(never)));
    let next: Disposable | undefined;
    const waiting = lane.connection(never).then((pass) => (next = pass));
    await settled();
    expect(next).toBeUndefined();
    passes[0]?.[Symbol.dispose]();
    passes[0]?.[Symbol.dispose]();
    await waiting;
    let another: Disposable | undefined;
    void lane.connection(never).then((pass) => (another = pass));
    await settled();
    expect(another).toBeUndefined();
  });

  it("asks for idle connections to be closed when somebody waits", async () => {
    const lane = new CameraLane({ clock: new TestClock(), pauseMs: 0 });
    const idle = await lane.connection(never);
    for (let n = 1; n < mostConnections; n += 1) await lane.connection(never);
    using _listening = lane.onCrowded(() => idle[Symbol.dispose]());
    using _pass = await lane.connection(never);
  });

  it("keeps no place for who stopped waiting", async () => {
    const clock = new TestClock();
    const lane = new CameraLane({ clock, pauseMs: connectionPauseMs });
    const controller = new AbortController();
    (await lane.connection(never))[Symbol.dispose]();
    const paced = lane.connection(controller);
    controller.abort(new Error("enough"));
    await expect(paced).rejects.toThrow("enough");
    const all = Array.from({ length: mostConnections }, () => lane.connection(never));
    await clock.advance(10 * connectionPauseMs);
    expect(await Promise.all(all)).toHaveLength(mostConnections);
  });

  it("asks no more questions at a time than there may be connections", async () => {
    const lane = new CameraLane({ clock: new TestClock(), pauseMs: 0 });
    let now = 0;
    let peak = 0;
    const asked = Array.from({ length: 20 }, () =>
      lane.ask(async () => {
        now += 1;
        peak = Math.max(peak, now);
        await settled();
        now -= 1;
      }, never),
    );
    await Promise.all(asked);
    expect(peak).toBe(mostConnections);
  });
});
