import { describe, expect, it } from "@jest/globals";

import { TestClock } from "../testing/index.ts";
import { onAbort, stopped, untilAborted, withDeadline } from "./abort.ts";

const never = new AbortController().signal;
const forever = new Promise<never>(() => undefined);

describe("onAbort", () => {
  it("runs once with the reason", () => {
    const controller = new AbortController();
    const heard: unknown[] = [];
    onAbort(controller.signal, (reason) => heard.push(reason));
    expect(heard).toEqual([]);
    const reason = stopped("shutdown");
    controller.abort(reason);
    controller.abort(stopped("closed"));
    expect(heard).toEqual([reason]);
    expect(reason).toMatchObject({ code: "aborted", details: { why: "shutdown" } });
  });

  it("runs at once on a signal that has aborted", () => {
    const heard: unknown[] = [];
    onAbort(AbortSignal.abort("late"), (reason) => heard.push(reason));
    expect(heard).toEqual(["late"]);
  });

  it("stays silent once disposed", () => {
    const controller = new AbortController();
    const heard: unknown[] = [];
    onAbort(controller.signal, (reason) => heard.push(reason))[Symbol.dispose]();
    controller.abort();
    expect(heard).toEqual([]);
  });
});

describe("untilAborted", () => {
  it("passes the outcome on", async () => {
    await expect(untilAborted(never, Promise.resolve(7))).resolves.toBe(7);
    await expect(untilAborted(never, Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("rejects with the reason although the work never ends", async () => {
    const controller = new AbortController();
    const waiting = untilAborted(controller.signal, forever);
    controller.abort(stopped("replaced"));
    await expect(waiting).rejects.toMatchObject({ code: "aborted", details: { why: "replaced" } });
  });

  it("leaves no rejection unheard when the work fails after the abort", async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<never>();
    const waiting = untilAborted(controller.signal, work.promise);
    controller.abort(stopped("closed"));
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    // An unhandled rejection would fail this test run.
    work.reject(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("withDeadline", () => {
  it("gives the work's outcome and leaves no timer behind", async () => {
    const clock = new TestClock();
    const deadline = { clock, ms: 1_000, what: "an answer", signal: never };
    await expect(withDeadline(deadline, async () => "done")).resolves.toBe("done");
    await expect(withDeadline(deadline, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(clock.pending).toBe(0);
  });

  it("aborts the work's signal and throws when time is up, even if the work does not listen", async () => {
    const clock = new TestClock();
    const seen: AbortSignal[] = [];
    const waiting = withDeadline(
      { clock, ms: 1_000, what: "the camera's answer", code: "camera-unreachable", signal: never },
      ({ signal }) => {
        seen.push(signal);
        return forever;
      },
    );
    const caught = expect(waiting).rejects.toMatchObject({
      code: "camera-unreachable",
      message: "no sign of the camera's answer within 1000 ms",
    });
    await clock.advance(999);
    expect(seen[0]?.aborted).toBe(false);
    await clock.advance(1);
    await caught;
    expect(seen[0]?.reason).toMatchObject({ code: "camera-unreachable" });
  });

  it("ends with the caller's reason", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const waiting = withDeadline({ clock, ms: 1_000, what: "x", signal: controller.signal }, () => forever);
    controller.abort(stopped("shutdown"));
    await expect(waiting).rejects.toMatchObject({ details: { why: "shutdown" } });
    expect(clock.pending).toBe(0);
  });

  it("does not start work for a caller who has gone", async () => {
    let started = false;
    const signal = AbortSignal.abort(stopped("closed"));
    const waiting = withDeadline({ clock: new TestClock(), ms: 1, what: "x", signal }, async () => {
      started = true;
    });
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    expect(started).toBe(false);
  });

  it("leaves no timer behind when the work throws before its first wait", async () => {
    const clock = new TestClock();
    const waiting = withDeadline({ clock, ms: 1, what: "x", signal: never }, () => {
      throw new Error("at once");
    });
    await expect(waiting).rejects.toThrow("at once");
    expect(clock.pending).toBe(0);
  });
});
