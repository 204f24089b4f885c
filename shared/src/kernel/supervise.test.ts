import { describe, expect, it } from "@jest/globals";

import { MemoryLogger, TestClock } from "../testing/index.ts";
import { stopped } from "./abort.ts";
import { GatehouseError, type ErrorCode } from "./errors.ts";
import { credentialsPauseMs, firstPauseMs, longestPauseMs } from "./retry-policy.ts";
import { supervise, type SuperviseOptions } from "./supervise.ts";

type Run = SuperviseOptions["run"];

/** Supervises `run` on a still clock, with the longest jitter; tells the times of its tries. */
const start = (run: Run, over: Partial<SuperviseOptions> = {}) => {
  const clock = new TestClock(0);
  const log = new MemoryLogger();
  const controller = new AbortController();
  const tries: number[] = [];
  let ended = false;
  const done = supervise({
    run: (cancel) => {
      tries.push(clock.now());
      return run(cancel);
    },
    clock,
    log,
    random: () => 1,
    signal: controller.signal,
    ...over,
  }).then(() => (ended = true));
  return { clock, log, controller, tries, done, hasEnded: () => ended };
};

const failing =
  (code: ErrorCode): Run =>
  async () => {
    throw new GatehouseError(code, "no");
  };
const untilAborted: Run = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });

/** A source of wake-ups, as a camera's Hello is one. */
const waking = () => {
  const listeners = new Set<() => void>();
  const wake = (retryNow: () => void): Disposable => {
    listeners.add(retryNow);
    return { [Symbol.dispose]: () => listeners.delete(retryNow) };
  };
  return { listeners, wake, hello: () => listeners.forEach((listener) => listener()) };
};

describe("supervise", () => {
  it("tries again with growing pauses, up to the longest", async () => {
    const { clock, tries, controller, done } = start(failing("camera-unreachable"));
    await clock.advance(200_000);
    const pauses = tries.slice(1).map((at, index) => at - tries[index]!);
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    controller.abort(stopped("shutdown"));
    await done;
    expect(clock.pending).toBe(0);
  });

  it("pauses as long as the work's own policy says", async () => {
    const asked: unknown[] = [];
    const pauseBefore: SuperviseOptions["pauseBefore"] = ({ failures, code, random }) => {
      asked.push([failures, code, random]);
      return failures * 10;
    };
    const { clock, tries, controller, done } = start(failing("relay-busy"), { pauseBefore });
    await clock.advance(60);
    expect(tries).toEqual([0, 10, 30, 60]);
    expect(asked.slice(0, 2)).toEqual([
      [1, "relay-busy", 1],
      [2, "relay-busy", 1],
    ]);
    controller.abort();
    await done;
  });

  it("forgets failures once the work was healthy", async () => {
    let turn = 0;
    const { clock, tries, controller, done } = start(async ({ healthy }) => {
      turn += 1;
      if (turn === 3) healthy();
      throw new Error("no");
    });
    await clock.advance(500 + 1_000 + 500);
    expect(tries).toEqual([0, 500, 1_500, 2_000]);
    controller.abort();
    await done;
  });

  it("ends when the work returns, instead of spinning", async () => {
    const { done, tries } = start(async () => undefined);
    await done;
    expect(tries).toEqual([0]);
  });

  it("ends without complaint when the owner stops the work or the pause", async () => {
    const working = start(untilAborted);
    working.controller.abort(stopped("closed"));
    await working.done;
    expect(working.log.lines).toEqual([]);

    const pausing = start(failing("timeout"));
    await pausing.clock.advance(10);
    expect(pausing.hasEnded()).toBe(false);
    pausing.controller.abort(stopped("closed"));
    await pausing.done;
    expect(pausing.tries).toEqual([0]);
  });

  it("does not begin for an owner who has gone", async () => {
    const { done, tries } = start(untilAborted, { signal: AbortSignal.abort() });
    await done;
    expect(tries).toEqual([]);
  });

  it("tells the log and its listener why and when, and survives a listener that throws", async () => {
    const heard: unknown[] = [];
    const { clock, log, controller, done, tries } = start(failing("camera-stalled"), {
      onFailure: (error, ms) => {
        heard.push([error.code, ms]);
        throw new Error("listener's own fault");
      },
    });
    await clock.advance(500);
    expect(heard).toEqual([
      ["camera-stalled", 500],
      ["camera-stalled", 1_000],
    ]);
    expect(tries).toEqual([0, 500]);
    expect(log.lines[0]).toMatchObject({ level: "warn", fields: { code: "camera-stalled", retryInMs: 500 } });
    expect(log.lines[1]).toMatchObject({ level: "error", message: "failure listener failed" });
    controller.abort();
    await done;
  });

  it("tries early when woken, and not again for the same call", async () => {
    const { listeners, wake, hello } = waking();
    const { clock, tries, controller, done } = start(failing("camera-fingerprint-changed"), { wake });
    await clock.advance(5_000);
    hello();
    await clock.advance(1);
    expect(tries).toEqual([0, 5_000]);
    await clock.advance(longestPauseMs);
    expect(tries).toEqual([0, 5_000, 65_000]);
    controller.abort();
    await done;
    expect(listeners.size).toBe(0);
  });

  it("keeps the shortest pause however often strangers wake it", async () => {
    const { wake, hello } = waking();
    const { clock, tries, controller, done } = start(failing("camera-unreachable"), { wake });
    for (let ms = 0; ms < 10_000; ms += 10) {
      hello();
      await clock.advance(10);
    }
    expect(tries.length).toBeLessThanOrEqual(10_000 / firstPauseMs + 1);
    expect(tries.length).toBeGreaterThan(10);
    controller.abort();
    await done;
  });

  it("is not woken after refused credentials, which would lock the camera's account", async () => {
    const { wake, hello } = waking();
    const { clock, tries, controller, done } = start(failing("camera-credentials"), { wake });
    for (let minute = 0; minute < 30; minute += 1) {
      hello();
      await clock.advance(60_000);
    }
    expect(tries).toEqual([0]);
    await clock.advance(credentialsPauseMs - 30 * 60_000);
    expect(tries).toEqual([0, credentialsPauseMs]);
    controller.abort();
    await done;
  });
});
