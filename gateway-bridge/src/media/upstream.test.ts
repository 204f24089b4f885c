import { describe, expect, it } from "@jest/globals";

import { camera, failure, House, never } from "./testing/house.ts";
import { RecordingViewer } from "./testing/recording-viewer.ts";
import { makePicture, opusTrack } from "./testing/units.ts";

describe("Upstream", () => {
  it("lingers after the last viewer, then closes", async () => {
    await using house = new House();
    const session = house.stream.join(new RecordingViewer());
    await house.settle();
    house.camera.send(...house.gop());
    session[Symbol.dispose]();
    await house.clock.advance(9_999);
    expect(house.camera.open).toBe(1);
    await house.clock.advance(1);
    expect(house.camera.open).toBe(0);
    expect(house.states).toEqual(["connecting", "live", "live", "idle"]);
    expect(house.clock.pending).toBe(0);
  });

  it("serves a viewer that comes back within the linger from the same connection", async () => {
    await using house = new House();
    house.stream.join(new RecordingViewer())[Symbol.dispose]();
    await house.clock.advance(9_000);
    house.watch();
    await house.clock.advance(10_000);
    expect([house.camera.tries, house.camera.open]).toEqual([1, 1]);
  });

  it("never has two connections, even when a viewer comes as the last one is being closed", async () => {
    await using house = new House();
    house.stream.join(new RecordingViewer())[Symbol.dispose]();
    await house.settle();
    house.clock.schedule(10_000, () => house.watch());
    await house.clock.advance(10_000);
    expect([house.camera.tries, house.camera.open, house.camera.mostOpen]).toEqual([2, 1, 1]);
  });

  it("stays without viewers while the camera is kept warm", async () => {
    await using house = new House();
    house.streams.setWarm(camera, true);
    house.streams.setWarm(camera, true);
    await house.settle();
    house.camera.send(...house.gop());
    await house.clock.advance(60_000);
    house.camera.send(...house.gop());
    expect([house.camera.tries, house.camera.open]).toEqual([1, 1]);
    house.streams.setWarm(camera, false);
    await house.clock.advance(10_000);
    expect(house.camera.open).toBe(0);
  });

  it("keeps its viewers over a restart of the camera and goes on at the next key picture, later on the same timeline", async () => {
    await using house = new House();
    const viewer = house.watch();
    await house.settle();
    house.camera.send(...house.gop(5, 4_000_000));
    house.camera.refusal = failure("camera-unreachable");
    house.camera.break(failure("camera-unreachable"));
    await house.clock.advance(3_000);
    expect(house.stream.state.kind).toBe("offline");
    house.camera.refusal = undefined;
    await house.clock.advance(10_000);
    house.camera.send(makePicture({ timestamp: 10, arrivedAt: house.clock.monotonic() }), ...house.gop(2, 3_610));
    expect(viewer.ended).toBeUndefined();
    expect(viewer.units).toHaveLength(7);
    expect(viewer.units[5]).toMatchObject({ key: true });
    const elapsed = (viewer.units[5]?.timestamp ?? 0) - (viewer.units[4]?.timestamp ?? 0);
    expect(elapsed).toBeGreaterThan(90_000 * 12.5);
    expect(elapsed).toBeLessThan(90_000 * 13.5);
    expect(house.stream.status.connects).toBe(2);
  });

  it("takes another connection in the place of the present one, and keeps its viewers", async () => {
    await using house = new House();
    const viewer = house.watch();
    await house.settle();
    house.camera.send(...house.gop());
    house.streams.renew(camera);
    await house.settle();
    expect([house.camera.tries, house.camera.open, house.camera.mostOpen]).toEqual([2, 1, 1]);
    house.camera.send(...house.gop(3, 700));
    expect(viewer.ended).toBeUndefined();
    expect(viewer.units).toHaveLength(8);
    expect(house.states).toEqual(["connecting", "live", "connecting", "live"]);
  });

  it("forgets that a password was refused once there is another", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-credentials");
    house.watch();
    await house.clock.advance(1_000);
    expect(house.camera.tries).toBe(1);
    house.camera.refusal = undefined;
    house.streams.renew(camera);
    await house.settle();
    expect([house.camera.tries, house.camera.open]).toEqual([2, 1]);
  });

  it("makes no connection that nobody wants by being renewed", async () => {
    await using house = new House();
    house.streams.renew(camera);
    await house.settle();
    expect(house.camera.tries).toBe(0);
  });

  it("gives a viewer that joins a broken stream no old picture", async () => {
    await using house = new House();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop());
    house.camera.break(failure("camera-stalled"));
    await house.settle();
    expect(house.watch().units).toEqual([]);
  });

  it("takes a camera that sends no key picture for stalled, at first and later", async () => {
    await using house = new House();
    house.watch();
    await house.settle();
    house.camera.send(makePicture());
    await house.clock.advance(20_000);
    expect(house.stream.state).toMatchObject({ kind: "offline", error: { code: "camera-stalled" } });
    await house.clock.advance(500);
    house.camera.send(...house.gop());
    expect(house.stream.state.kind).toBe("live");
    await house.clock.advance(120_000);
    expect(house.stream.state.kind).toBe("offline");
    expect(house.camera.tries).toBe(2);
  });

  it("waits longer after each failure, at most a minute", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-unreachable");
    house.watch();
    await house.clock.advance(10 * 60_000);
    const early = house.camera.tries;
    await house.clock.advance(10 * 60_000);
    expect(early).toBeGreaterThanOrEqual(15);
    expect(house.camera.tries - early).toBeGreaterThanOrEqual(10);
    expect(house.camera.tries - early).toBeLessThanOrEqual(20);
  });

  it("treats a stream without H.264 video as a failure that says so", async () => {
    await using house = new House();
    house.camera.tracks = [opusTrack];
    await expect(house.stream.ready({ signal: never })).rejects.toMatchObject({ code: "camera-no-video" });
    expect(house.camera.open).toBe(0);
  });

  it("reports its state, each once", async () => {
    await using house = new House();
    house.watch();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop());
    house.camera.break(failure("camera-unreachable"));
    await house.settle();
    expect(house.states).toEqual(["connecting", "live", "offline"]);
    expect(house.changes[1]).toEqual({ camera, tier: "main", state: { kind: "live", viewers: 2 } });
  });
});
