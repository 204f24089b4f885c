import { EventBus, GatehouseError, silentLogger, type CameraId, type Event } from "@gatehouse/shared";
import { Event as EventShape } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { CameraDriver, DriverEvent } from "../ports.ts";
import { CameraEvents } from "./camera-events.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;

const setUp = (events: CameraDriver["events"]) => {
  const clock = new TestClock();
  const bus = new EventBus<Event>(silentLogger);
  const heard: Event[] = [];
  bus.on((event) => heard.push(event));
  const health: string[] = [];
  const driver = { events } as CameraDriver;
  const onHealth = (error: GatehouseError | undefined): void => void health.push(error?.code ?? "well");
  const watching = new CameraEvents({ camera, driver, bus, clock, log: new MemoryLogger(), random: () => 0, onHealth });
  return { clock, heard, health, watching };
};

describe("CameraEvents", () => {
  it("puts motion on the bus in the contract's shape, and knows whether it moves", async () => {
    let sink: (event: DriverEvent) => void = () => undefined;
    const { heard, watching, clock } = setUp((given, { signal }) => {
      sink = given;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    });
    await clock.advance(0);
    sink({ kind: "motion", active: true, topic: "a/b", reference: "r" });
    expect(watching.inMotion).toBe(true);
    sink({ kind: "motion", active: false, topic: "a/b" });
    expect(watching.inMotion).toBe(false);
    await watching[Symbol.asyncDispose]();
    expect(heard.map((event) => EventShape.parse(event))).toMatchObject([
      { kind: "motion", camera, at: clock.now(), active: true, topic: "a/b", reference: "r" },
      { kind: "motion", camera, active: false, topic: "a/b" },
    ]);
    expect(heard[1]).not.toHaveProperty("reference");
  });

  it("tries again after a failure, tells of both, and stops when it is told to", async () => {
    let runs = 0;
    const { clock, health, watching } = setUp(async (_, { signal, healthy }) => {
      runs += 1;
      if (runs === 1) throw new GatehouseError("camera-unreachable", "off");
      healthy();
      await clock.delay(1_000_000, { signal });
    });
    await clock.advance(500);
    expect([runs, health]).toEqual([2, ["camera-unreachable", "well"]]);
    await watching[Symbol.asyncDispose]();
    await clock.advance(10_000_000);
    expect(runs).toBe(2);
  });

  it("leaves a camera without events in peace", async () => {
    let runs = 0;
    const { clock, watching } = setUp(async () => void (runs += 1));
    await clock.advance(10_000_000);
    expect(runs).toBe(1);
    await watching[Symbol.asyncDispose]();
  });
});
