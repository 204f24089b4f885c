import { GatehouseError, stopped, type ErrorCode } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { beforeEach, describe, expect, it } from "@jest/globals";

import type { Picture } from "./gateway-port.ts";
import { Snapshots } from "./snapshot.ts";

const size = { width: 640, height: 360 };

describe("Snapshots", () => {
  let clock: TestClock;
  let log: MemoryLogger;
  let asked: PromiseWithResolvers<Picture>[];
  let gone: AbortController;
  let snapshots: Snapshots;

  const answer = (text: string): void => asked.at(-1)?.resolve({ jpeg: Buffer.from(text), capturedAt: 0 });
  const fail = (code: ErrorCode): void => asked.at(-1)?.reject(new GatehouseError(code, "no"));
  const take = async (): Promise<string> => (await snapshots.take(size)).toString();
  const good = async (text: string): Promise<void> => {
    const taking = take();
    await clock.advance(0);
    answer(text);
    await taking;
  };

  beforeEach(() => {
    [clock, log, asked, gone] = [new TestClock(), new MemoryLogger(), [], new AbortController()];
    const snapshot = (): Promise<Picture> => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)!.promise;
    };
    snapshots = new Snapshots({
      camera: fakeCameraId(),
      gateway: () => ({ snapshot }),
      clock,
      log,
      signal: gone.signal,
    });
  });

  it("serves everybody who asks meanwhile by one request, and the next by another", async () => {
    const taking = Promise.all([take(), take(), take()]);
    await clock.advance(0);
    answer("one");
    expect(await taking).toEqual(["one", "one", "one"]);
    expect(asked).toHaveLength(1);
    await good("two");
    expect(asked).toHaveLength(2);
  });

  it("answers after 4.5 s at the latest, with an error when there is nothing to show", async () => {
    const taking = take();
    const settled = expect(taking).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(4_499);
    expect(clock.pending).toBeGreaterThan(0);
    await clock.advance(1);
    await settled;
  });

  it("shows the last good picture for sixty seconds, then none", async () => {
    await good("old");
    await clock.advance(60_000);
    const taking = take();
    await clock.advance(0);
    fail("camera-unreachable");
    expect(await taking).toBe("old");
    await clock.advance(1);
    const later = take();
    await clock.advance(0);
    fail("camera-unreachable");
    await expect(later).rejects.toMatchObject({ code: "camera-unreachable" });
  });

  it.each(["access-denied", "not-found", "unauthenticated", "camera-credentials"] as const)(
    "shows no earlier picture after %s, nor later",
    async (code) => {
      await good("old");
      const taking = take();
      await clock.advance(0);
      fail(code);
      await expect(taking).rejects.toMatchObject({ code });
      const next = take();
      await clock.advance(0);
      fail("gateway-unreachable");
      await expect(next).rejects.toMatchObject({ code: "gateway-unreachable" });
    },
  );

  it("lets a late picture serve the next request, and waits shorter for a camera that was slow", async () => {
    await good("first");
    const slow = take();
    await clock.advance(4_500);
    expect(await slow).toBe("first");
    await clock.advance(1_000);
    answer("late");
    await clock.advance(0);
    const next = take();
    await clock.advance(1_000);
    expect(await next).toBe("late");
    expect(asked).toHaveLength(2 + 1);
  });

  it("is patient again once the camera was quick", async () => {
    await good("first");
    const slow = take();
    await clock.advance(4_500);
    await slow;
    answer("late");
    await clock.advance(0);
    await good("quick");
    const taking = take();
    await clock.advance(4_499);
    answer("patient");
    expect(await taking).toBe("patient");
  });

  it("forgets the picture when a refusal comes after its request was answered", async () => {
    await good("old");
    const slow = take();
    await clock.advance(4_500);
    expect(await slow).toBe("old");
    fail("access-denied");
    await clock.advance(0);
    const taking = take();
    await clock.advance(0);
    fail("camera-unreachable");
    await expect(taking).rejects.toMatchObject({ code: "camera-unreachable" });
  });

  it("complains once of the same trouble, and again after it was over", async () => {
    for (const round of [1, 1, 2]) {
      if (round === 2) await good("fine");
      const taking = take();
      await clock.advance(0);
      fail("camera-unreachable");
      await taking.catch(() => undefined);
    }
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
  });

  it("ends what waits when the camera is gone, and shows it no more", async () => {
    await good("old");
    const taking = take();
    await clock.advance(0);
    gone.abort(stopped("closed"));
    await expect(taking).rejects.toMatchObject({ code: "aborted" });
    await expect(take()).rejects.toMatchObject({ code: "aborted" });
    expect(log.lines).toEqual([]);
  });
});
