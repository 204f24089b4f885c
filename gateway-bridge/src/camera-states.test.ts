import { beforeEach, describe, expect, it } from "@jest/globals";
import { EventBus, GatehouseError, silentLogger, type CameraId, type Event } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { CameraStates } from "./camera-states.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const gone = new GatehouseError("camera-unreachable", "the camera does not answer");

let clock: TestClock;
let states: CameraStates;
let told: Event[];
beforeEach(() => {
  const bus = new EventBus<Event>(silentLogger);
  told = [];
  bus.on((event) => told.push(event));
  clock = new TestClock(1_000);
  states = new CameraStates({ clock, bus });
});

describe("CameraStates", () => {
  it("takes a camera that nobody has heard of for ready", () => {
    expect(states.of(camera)).toEqual({ kind: "ready" });
  });

  it("tells each change once", () => {
    states.reportStream(camera, "main", { kind: "connecting" });
    states.reportStream(camera, "main", { kind: "connecting" });
    states.reportStream(camera, "main", { kind: "live", viewers: 1 });
    expect(told.map((event) => event.kind === "camera-state" && event.state.kind)).toEqual(["connecting", "live"]);
    expect(told[0]).toMatchObject({ camera, at: 1_000 });
  });

  it("keeps since when a camera is away while the cause stays the same", async () => {
    states.reportEvents(camera, gone);
    await clock.advance(5_000);
    states.reportEvents(camera, gone);
    expect(states.of(camera)).toMatchObject({ kind: "offline", since: 1_000, code: "camera-unreachable" });
    states.reportEvents(camera, new GatehouseError("camera-fault", "another cause"));
    expect(states.of(camera)).toMatchObject({ since: 6_000, code: "camera-fault" });
    states.reportEvents(camera, undefined);
    expect(states.of(camera)).toEqual({ kind: "ready" });
    expect(told).toHaveLength(3);
  });

  it("forgets a camera that was removed", () => {
    states.reportStream(camera, "main", { kind: "offline", error: gone });
    states.forget(camera);
    expect(states.of(camera)).toEqual({ kind: "ready" });
  });
});
