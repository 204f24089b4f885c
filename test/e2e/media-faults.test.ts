import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";

import { descendants, untilDescendants } from "../support/descendants.ts";
import { describeWith } from "../support/needs.ts";
import { eventually } from "../support/eventually.ts";
import { WatchedHouse, type Watchers } from "../support/watched-house.ts";

const faulty = 0;
const healthy = 1;
const mebibyte = 2 ** 20;
const names = ["rtsp", "webrtc", "live", "homekit"] as const;

/**
 * A real gateway with two cameras, each watched on every way out at once. One camera does what cameras do; whoever watches it must go on
 * when it does, and whoever watches the other must not notice.
 */
describeWith(["ffmpeg"], "when a camera is faulty", () => {
  let house: WatchedHouse;
  let watchers: readonly [Watchers, Watchers];
  let residentBytes: number;

  beforeAll(async () => {
    const camera = { audio: "aac", bitrateKbps: 500, fill: "user-data" } as const;
    house = await WatchedHouse.open([
      { ...camera, id: "faulty" },
      { ...camera, id: "healthy" },
    ]);
    watchers = [await house.watchAll(faulty), await house.watchAll(healthy)];
    await allGoOn(faulty);
    await allGoOn(healthy);
    residentBytes = await house.residentBytes();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(watchers.flatMap((all) => names.map((name) => all[name][Symbol.asyncDispose]())));
    await house[Symbol.asyncDispose]();
  });

  const each = (camera: number) => names.map((name) => ({ name, watch: watchers[camera as 0 | 1][name] }));

  /** Every viewer gets another ten pictures. */
  const allGoOn = async (camera: number, withinMs = 15_000): Promise<void> => {
    const before = each(camera).map(({ watch }) => watch.pictures);
    const more = (): readonly number[] => each(camera).map(({ watch }, index) => watch.pictures - (before[index] ?? 0));
    const enough = (): boolean => more().every((count) => count > 10);
    await eventually("more pictures on each way out", enough, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${String(names)} got ${String(more())}`);
    });
  };

  /** Nobody who watches the other camera noticed; nobody anywhere saw another's picture, or time step back. */
  const onlyOneWasAffected = async (): Promise<void> => {
    for (const { name, watch } of each(healthy)) {
      const { missing, steppedBack, ended } = watch;
      expect({ name, missing, steppedBack, ended, cameras: [...watch.cameras] }).toEqual({
        ...{ name, missing: 0, steppedBack: 0, ended: undefined, cameras: ["healthy"] },
      });
    }
    for (const { name, watch } of each(faulty)) {
      const { steppedBack, ended } = watch;
      expect({ name, steppedBack, ended, cameras: [...watch.cameras] }).toEqual({
        ...{ name, steppedBack: 0, ended: undefined, cameras: ["faulty"] },
      });
    }
    expect(await house.dropped(healthy)).toBe(0);
    expect((await house.residentBytes()) - residentBytes).toBeLessThan(100 * mebibyte);
  };

  it("goes on where a camera goes on that stalled", async () => {
    await house.simulators[faulty]!.stall(true);
    await pause(1_500);
    const before = each(faulty).map(({ watch }) => watch.pictures);
    await pause(500);
    expect(each(faulty).map(({ watch }) => watch.pictures)).toEqual(before);
    await house.simulators[faulty]!.stall(false);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("keeps all viewers over a reboot, which begins sources and timestamps anew", async () => {
    await house.simulators[faulty]!.reboot(300);
    await allGoOn(faulty);
    await onlyOneWasAffected();
    const [own] = await house.health(faulty);
    expect(own?.reconnects).toBeGreaterThan(0);
  });

  it("goes on after garbage in the place of media, of which nobody is sent a stamp that is not the camera's", async () => {
    const { missing } = watchers[faulty].rtsp;
    await house.simulators[faulty]!.garble(true);
    await pause(1_500);
    await house.simulators[faulty]!.garble(false);
    await allGoOn(faulty);
    expect(watchers[faulty].rtsp.missing).toBeGreaterThan(missing + 20);
    await onlyOneWasAffected();
  });

  it("keeps its memory, and the others' pictures, while a camera floods it with ten times its rate", async () => {
    await house.simulators[faulty]!.flood(25_000);
    await pause(2_000);
    expect((await house.health(faulty))[0]?.bitrateKbps).toBeGreaterThan(1_200);
    await house.simulators[faulty]!.flood(0);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("leaves out pictures that are larger than any camera's, and goes on with the next key picture", async () => {
    const { missing } = watchers[faulty].rtsp;
    for (let round = 0; round < 3; round += 1) {
      await house.simulators[faulty]!.bloat(6 * mebibyte);
      await pause(300);
    }
    await allGoOn(faulty);
    expect(watchers[faulty].rtsp.missing).toBeGreaterThanOrEqual(missing + 3);
    await onlyOneWasAffected();
  });

  it("keeps all viewers when the picture's size changes: a file is announced anew, the others are told in band", async () => {
    const { live, rtsp } = watchers[faulty];
    const starts = () => live.messages.filter(({ kind }) => kind === "start");
    const before = { starts: starts().length, missing: rtsp.missing };
    await house.simulators[faulty]!.shrink(true);
    await eventually("the small picture", () => starts().length > before.starts);
    expect(starts().at(-1)).toMatchObject({ width: 640, height: 360 });
    await allGoOn(faulty);
    await house.simulators[faulty]!.shrink(false);
    await eventually("the large picture", () => starts().length > before.starts + 1);
    expect(starts().at(-1)).toMatchObject({ width: 1_920, height: 1_080 });
    await allGoOn(faulty);
    expect(rtsp.missing).toBe(before.missing);
    await onlyOneWasAffected();
  });

  it("lets sound come back, and takes no picture, when the process that transcodes sound is killed", async () => {
    const packets = (): number => watchers[faulty].homekit.receiver.sound.packets.length;
    const killed = await descendants("ffmpeg");
    expect(killed).toHaveLength(2);
    const missing = watchers[faulty].rtsp.missing;
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await untilDescendants("ffmpeg", 2);
    const before = packets();
    await eventually("sound again", () => packets() > before + 10);
    await allGoOn(faulty);
    expect(watchers[faulty].rtsp.missing).toBe(missing);
    await onlyOneWasAffected();
  });

  it("gives viewers of H.264 what is made of it when a camera comes back with H.265, and ends those that cannot be told", async () => {
    await house.simulators[faulty]!.kill();
    house.simulators[faulty] = await house.simulators[faulty]!.restart({ codec: "h265" });
    const { rtsp, ...others } = watchers[faulty];
    const before = Object.values(others).map(({ pictures }) => pictures);
    const goOn = () => Object.values(others).every(({ pictures }, index) => pictures > before[index]! + 25);
    await eventually("pictures of the other codec", goOn, 20_000);
    expect(rtsp.ended).toBe("closed");
    // The processes that make the picture, and its sound, are killed as well.
    const [killed, { missing }] = [await descendants("ffmpeg"), watchers[healthy].rtsp];
    const seen = Object.values(others).map(({ pictures }) => pictures);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    const goOnAgain = () => Object.values(others).every(({ pictures }, index) => pictures > seen[index]! + 50);
    await eventually("pictures after the kill", goOnAgain, 20_000);
    expect(watchers[healthy].rtsp.missing).toBe(missing);
    const announced = others.live.messages.flatMap(({ mime }) => mime ?? []);
    expect(announced.every((mime) => mime.includes("avc1"))).toBe(true);
    for (const { steppedBack, ended } of Object.values(others))
      expect({ steppedBack, ended }).toEqual({ steppedBack: 0 });
  }, 60_000);
});
