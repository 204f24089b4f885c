import { GatehouseError, type Camera } from "@gatehouse/shared";
import { makeCamera, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { beforeEach, describe, expect, it } from "@jest/globals";

import { CameraList } from "./camera-list.ts";
import { FakeGatewayConnection } from "./testing/fake-gateway-connection.ts";

describe("CameraList", () => {
  const [one, other] = [makeCamera({ name: "One" }), makeCamera({ name: "Other" })];
  let gateway: FakeGatewayConnection;
  let clock: TestClock;
  let applied: (readonly Camera[])[];
  let list: CameraList;
  const stop = new AbortController();

  const answer = async (cameras: readonly Camera[]): Promise<void> => {
    gateway.calls.at(-1)?.answer(cameras);
    await clock.advance(0);
  };

  beforeEach(() => {
    [gateway, clock, applied] = [new FakeGatewayConnection(), new TestClock(), []];
    const { signal } = stop;
    list = new CameraList({
      gateway: gateway.connection,
      apply: (cameras) => applied.push(cameras),
      clock,
      random: () => 0,
      log: new MemoryLogger(),
      signal,
    });
  });

  it("fetches and applies the list, each time it is asked to", async () => {
    list.refresh();
    await answer([one]);
    list.refresh();
    await answer([other]);
    expect(applied).toEqual([[one], [other]]);
  });

  it("fetches again instead of applying an answer that news overtook", async () => {
    list.refresh();
    list.outdated();
    await answer([one]);
    expect(applied).toEqual([]);
    list.refresh();
    await answer([one]);
    expect(applied).toEqual([]);
    await answer([other]);
    expect(applied).toEqual([[other]]);
    expect(gateway.calls).toHaveLength(3);
  });

  it("tries again when the gateway fails or says nothing", async () => {
    list.refresh();
    gateway.calls.at(-1)?.fail(new GatehouseError("gateway-unreachable", "away"));
    await clock.advance(1_000);
    expect(gateway.calls).toHaveLength(2);
    await clock.advance(10_000 + 60_000);
    expect(gateway.calls.length).toBeGreaterThan(2);
    await answer([one]);
    expect(applied).toEqual([[one]]);
  });
});
