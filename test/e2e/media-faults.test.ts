import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { StreamHealth } from "@gatehouse/shared";
import { setTimeout as pause } from "node:timers/promises";

import { descendants, untilDescendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { undelivered } from "../support/undelivered.ts";
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
  const stack = new AsyncDisposableStack();
  let house: WatchedHouse;
  let watchers: readonly [Watchers, Watchers];
  let residentBytes: number;

  beforeAll(async () => {
    const camera = { audio: "aac", bitrateKbps: 500, fill: "user-data" } as const;
    house = stack.use(
      await WatchedHouse.open([
        { ...camera, id: "faulty" },
        { ...camera, id: "healthy" },
      ]),
    );
    const watchAll = async (of: number): Promise<Watchers> => {
      const all = await house.watchAll(of);
      for (const name of names) stack.use(all[name]);
      return all;
    };
    watchers = [await watchAll(faulty), await watchAll(healthy)];
    await allGoOn(faulty);
    await allGoOn(healthy);
    residentBytes = await house.residentBytes();
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  const each = (camera: number) => names.map((name) => ({ name, watch: watchers[camera as 0 | 1][name] }));

  const picturesOf = (camera: number): readonly number[] => each(camera).map(({ watch }) => watch.pictures);

  /** No viewer gets a picture for so long: what was on its way has been seen by then. */
  const allStandStill = async (camera: number, forMs: number): Promise<void> => {
    let [seen, since] = ["", 0];
    await eventually("no more pictures", () => {
      const now = String(picturesOf(camera));
      if (now !== seen) [seen, since] = [now, performance.now()];
      return performance.now() - since > forMs;
    });
  };

  /** The camera films so many pictures more, however long that takes it. */
  const films = async (camera: number, more: number): Promise<void> => {
    const frame = async (): Promise<number> => (await house.simulators[camera]!.counts()).frame;
    for (const enough = (await frame()) + more; (await frame()) < enough;) await pause(20);
  };

  /** The gateway says that of the camera's own stream. */
  const isTold = async (camera: number, holds: (health: StreamHealth) => boolean): Promise<void> => {
    for (;;) {
      const [own] = await house.health(camera);
      if (own !== undefined && holds(own)) return;
      await pause(100);
    }
  };

  /** Kills the processes that transcode. One of them may have ended by itself: it was a killed one's, or its picture is gone. */
  const killTranscoders = async (pids: readonly number[]): Promise<void> => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    while ((await descendants("ffmpeg")).some((pid) => pids.includes(pid))) await pause(20);
  };

  /** Every viewer gets another ten pictures. */
  const allGoOn = async (camera: number): Promise<void> => {
    const before = picturesOf(camera);
    const more = (): readonly number[] => picturesOf(camera).map((count, index) => count - (before[index] ?? 0));
    const enough = (): boolean => more().every((count) => count > 10);
    await eventually("more pictures on each way out", enough).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${String(names)} got ${String(more())}`);
    });
  };

  /** Nobody who watches the other camera noticed; nobody anywhere saw another's picture, or time step back. */
  const onlyOneWasAffected = async (): Promise<void> => {
    for (const { name, watch } of each(healthy)) {
      const { missing, steppedBack, ended } = watch;
      expect({ name, steppedBack, ended, cameras: [...watch.cameras] }).toEqual({
        ...{ name, steppedBack: 0, ended: undefined, cameras: ["healthy"] },
      });
      // A datagram that this process had no time for is a picture that the gateway sent all the same.
      const lost = "udpPort" in watch ? await undelivered(watch.udpPort) : 0;
      expect([name, missing > lost, missing, lost]).toEqual([name, false, missing, lost]);
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
    await allStandStill(faulty, 1_500);
    await house.simulators[faulty]!.stall(false);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("keeps all viewers over a reboot, which begins sources and timestamps anew", async () => {
    const [own] = await house.health(faulty);
    await house.simulators[faulty]!.reboot(300);
    await isTold(faulty, ({ reconnects }) => reconnects > own!.reconnects);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("goes on after garbage in the place of media, of which nobody is sent a stamp that is not the camera's", async () => {
    const { rtsp } = watchers[faulty];
    const { missing } = rtsp;
    await house.simulators[faulty]!.garble(true);
    await films(faulty, 37);
    await house.simulators[faulty]!.garble(false);
    await eventually("the first picture after the garbage", () => rtsp.missing > missing + 20);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("keeps its memory, and the others' pictures, while a camera floods it with ten times its rate", async () => {
    await house.simulators[faulty]!.flood(25_000);
    await films(faulty, 50);
    await isTold(faulty, ({ bitrateKbps }) => bitrateKbps > 1_200);
    await house.simulators[faulty]!.flood(0);
    await allGoOn(faulty);
    await onlyOneWasAffected();
  });

  it("leaves out pictures that are larger than any camera's, and goes on with the next key picture", async () => {
    const { rtsp } = watchers[faulty];
    const { missing } = rtsp;
    for (let round = 0; round < 3; round += 1) {
      await house.simulators[faulty]!.bloat(6 * mebibyte);
      await films(faulty, 8);
    }
    await eventually("the key picture after them", () => rtsp.missing >= missing + 3);
    await allGoOn(faulty);
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
    const packets = (): number => watchers[faulty].homekit.receiver.sound.received;
    const missing = watchers[faulty].rtsp.missing;
    await killTranscoders(await untilDescendants("ffmpeg", 2));
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
    // A picture is decoded and encoded anew here, which takes its time beside whatever else this box does.
    const withinMs = 60_000;
    const before = Object.values(others).map(({ pictures }) => pictures);
    const goOn = () => Object.values(others).every(({ pictures }, index) => pictures > before[index]! + 25);
    await eventually("pictures of the other codec", goOn, withinMs);
    await eventually("the end of what cannot be told", () => rtsp.ended !== undefined);
    expect(rtsp.ended).toBe("closed");
    // The processes that make the picture, and its sound, are killed as well.
    const { missing } = watchers[healthy].rtsp;
    await killTranscoders(await descendants("ffmpeg"));
    const seen = Object.values(others).map(({ pictures }) => pictures);
    const goOnAgain = () => Object.values(others).every(({ pictures }, index) => pictures > seen[index]! + 50);
    await eventually("pictures after the kill", goOnAgain, withinMs);
    expect(watchers[healthy].rtsp.missing).toBe(missing);
    const announced = others.live.messages.flatMap(({ mime }) => mime ?? []);
    expect(announced.every((mime) => mime.includes("avc1"))).toBe(true);
    for (const { steppedBack, ended } of Object.values(others))
      expect({ steppedBack, ended }).toEqual({ steppedBack: 0 });
  }, 180_000);
});
