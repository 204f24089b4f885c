import { expect, it } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import { parseOpus } from "../../gateway-bridge/src/protocols/opus/opus-packet.ts";
import { descendants, untilDescendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { makeMediaFrom } from "../support/media-files.ts";
import { describeWith } from "../support/needs.ts";
import { TranscodingHouse } from "../support/transcoding-house.ts";

const never = { signal: new AbortController().signal };

const picturesOf = (units: readonly AccessUnit[]): readonly VideoUnit[] =>
  units.filter((unit) => unit.kind === "video");
const soundOf = (units: readonly AccessUnit[]): readonly AudioUnit[] => units.filter((unit) => unit.kind === "audio");
const rising = (units: readonly AccessUnit[]): boolean =>
  units.every(({ timestamp }, index) => index === 0 || timestamp > units[index - 1]!.timestamp);
/**
 * How far behind the picture before it sound came where it was the least behind, in ms; ahead is below 0. A transcoder that waits for the processor
 * makes sound late, never early: out of step is what is so all the time.
 */
const leastBehind = (units: readonly AccessUnit[]): number => {
  let [shown, least] = [-Infinity, Infinity];
  for (const { kind, timestamp } of units) {
    if (kind === "video") shown = timestamp / 90;
    else least = Math.min(least, shown - timestamp / 48);
  }
  return least;
};

const startCode = Buffer.from([0, 0, 0, 1]);
const countDecoded = async (units: readonly VideoUnit[]): Promise<number> => {
  const file = Buffer.concat(units.flatMap(({ nals }) => nals.flatMap((nal) => [startCode, nal])));
  const args = ["-xerror", "-f", "h264", "-i", "pipe:0", "-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo"];
  return (await makeMediaFrom(file, ...args)).length / 256;
};

describeWith(["ffmpeg"], "A stream whose sound is transcoded", () => {
  const warm = async (options: { lingerMs?: number } = {}): Promise<TranscodingHouse & { keep: Disposable }> => {
    const house = await TranscodingHouse.open({ codec: "h264", audio: "aac", ...options });
    const keep = house.base.hold();
    await eventually("a connection", () => house.camera.open === 1);
    house.send(1_000);
    return Object.assign(house, { keep });
  };

  it("shows its first viewer the camera's own pictures at once, before there is a sound", async () => {
    await using house = await warm();
    const stream = await house.playable(["h264"], ["opus"]);
    const tracks = await stream.ready(never);
    using viewer = house.watch(stream);
    expect(stream).not.toBe(house.base);
    expect(tracks).toMatchObject({ video: { codec: "h264" }, audio: { codec: "opus", clockRate: 48_000 } });
    expect(tracks.video.parameterSets).toBeDefined();
    using other = house.watch(house.base);
    expect(soundOf(viewer.units)).toEqual([]);
    expect(picturesOf(viewer.units)).toHaveLength(25);
    const same = picturesOf(other.units).every((unit, index) => unit === picturesOf(viewer.units)[index]);
    expect(same).toBe(true);
  });

  it("has sound in step with the picture, from one process for all viewers, which ends with the last of them", async () => {
    await using house = await warm();
    house.play();
    const streams = await Promise.all([1, 2, 3].map(() => house.playable(["h264"], ["opus"])));
    expect(new Set(streams).size).toBe(1);
    const viewers = streams.map((stream) => house.watch(stream));
    await eventually("a second of sound", () => viewers.every(({ units }) => soundOf(units).length > 50));
    expect(await descendants("ffmpeg")).toHaveLength(1);
    expect(house.streams.status()).toMatchObject([{ tier: "main", viewers: 3 }]);
    for (const { units } of viewers) {
      expect(soundOf(units).every(({ data }) => parseOpus(data).duration === 960)).toBe(true);
      expect(rising(soundOf(units))).toBe(true);
      expect(rising(picturesOf(units))).toBe(true);
    }
    await eventually("sound in step", () => viewers.every(({ units }) => leastBehind(units) < 500));
    for (const { units } of viewers) expect(leastBehind(units)).toBeGreaterThan(-500);
    for (const viewer of viewers) viewer[Symbol.dispose]();
    await untilDescendants("ffmpeg", 0);
    expect(house.camera.open).toBe(1);
    house.keep[Symbol.dispose]();
    await eventually("the camera left alone", () => house.camera.open === 0);
  });

  it("goes on with every picture while its transcoder is killed, and has sound again", async () => {
    await using house = await warm();
    house.play();
    using viewer = house.watch(await house.playable(["h264"], ["opus"]));
    await eventually("sound", () => soundOf(viewer.units).length > 10);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    process.kill(pid, "SIGKILL");
    await eventually("the failure noticed", () =>
      house.log.lines.some(({ fields }) => fields["transcoder"] === "sound"),
    );
    const heard = soundOf(viewer.units).length;
    await eventually("sound again", () => soundOf(viewer.units).length > heard + 50);
    expect(rising(soundOf(viewer.units))).toBe(true);
    const timestamps = picturesOf(viewer.units).map(({ timestamp }) => timestamp);
    expect(timestamps).toEqual(Array.from({ length: timestamps.length }, (_, index) => timestamps[0]! + index * 3_600));
    expect(house.camera.tries).toBe(1);
  });

  it("goes on with every picture while its transcoder hangs, and has sound again", async () => {
    await using house = await warm();
    house.play();
    using viewer = house.watch(await house.playable(["h264"], ["opus"]));
    await eventually("sound", () => soundOf(viewer.units).length > 10);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    process.kill(pid, "SIGSTOP");
    await eventually("the hang noticed", () => house.log.lines.some(({ fields }) => fields["transcoder"] === "sound"));
    const heard = soundOf(viewer.units).length;
    await eventually("sound again", () => soundOf(viewer.units).length > heard + 50);
    expect(rising(soundOf(viewer.units))).toBe(true);
    expect(rising(picturesOf(viewer.units))).toBe(true);
    expect(house.streams.status()).toMatchObject([{ dropped: 0 }]);
    await untilDescendants("ffmpeg", 1);
  });

  it("fails with its camera, and goes on with it", async () => {
    await using house = await warm({ lingerMs: 5_000 });
    const stream = await house.playable(["h264"], ["opus"]);
    using viewer = house.watch(stream);
    await stream.ready(never);
    house.camera.break(new GatehouseError("camera-unreachable", "The cable was pulled."));
    await eventually("the failure passed on", () => stream.state.kind === "offline");
    expect(stream.state).toMatchObject({ error: { code: "camera-unreachable" } });
    const seen = picturesOf(viewer.units).length;
    await eventually("a new connection", () => house.camera.tries === 2 && house.camera.open === 1);
    house.play();
    await eventually("pictures again", () => picturesOf(viewer.units).length > seen + 25);
    expect(rising(picturesOf(viewer.units))).toBe(true);
    expect(viewer.ended).toBeUndefined();
    await house.streams.close(house.base.camera);
    expect(viewer.ended).toMatchObject({ code: "stream-ended" });
    expect(await descendants("ffmpeg", "bwrap")).toEqual([]);
  });
});

describeWith(["ffmpeg"], "A stream whose picture is transcoded", () => {
  const open = async (): Promise<TranscodingHouse> => {
    const house = await TranscodingHouse.open({ codec: "h265", audio: "opus", gop: 25 });
    house.play();
    return house;
  };

  it("has H.264 with the camera's timestamps, and its own sound, from one process for all viewers", async () => {
    await using house = await open();
    const stream = await house.playable(["h264"], ["opus"]);
    expect(await house.playable(["h264"], ["opus"])).toBe(stream);
    const tracks = await stream.ready(never);
    expect(tracks).toMatchObject({ video: { codec: "h264" }, audio: { codec: "opus" } });
    using viewer = house.watch(stream);
    using second = house.watch(stream);
    using own = house.watch(house.base);
    await eventually("three seconds of pictures", () => picturesOf(viewer.units).length > 75);
    // The camera's own viewer began with a later key picture where the transcoder took long to begin.
    await eventually("two seconds that both were shown", () => {
      const camera = new Set(picturesOf(own.units).map(({ timestamp }) => timestamp));
      return picturesOf(viewer.units).filter(({ timestamp }) => camera.has(timestamp)).length > 50;
    });
    expect(await descendants("ffmpeg")).toHaveLength(1);
    const pictures = picturesOf(viewer.units);
    expect(pictures[0]).toMatchObject({ key: true });
    expect(pictures.filter(({ key }) => key).length).toBeGreaterThan(1);
    const ticks = pictures.map(({ timestamp }) => timestamp);
    expect(ticks).toEqual(Array.from({ length: ticks.length }, (_, index) => ticks[0]! + index * 3_600));
    expect(await countDecoded(pictures)).toBe(pictures.length);
    expect(soundOf(viewer.units).length).toBeGreaterThan(50);
    expect(picturesOf(second.units).length).toBeGreaterThan(50);
  });

  it("is transcoded once, whatever sound goes with it", async () => {
    await using house = await TranscodingHouse.open({ codec: "h265", audio: "aac", gop: 25 });
    house.play();
    const [opus, aac] = await Promise.all([house.playable(["h264"], ["opus"]), house.playable(["h264"], ["aac"])]);
    using one = house.watch(opus);
    using other = house.watch(aac);
    await eventually("pictures and sound for both", () =>
      [one, other].every(({ units }) => picturesOf(units).length > 25 && soundOf(units).length > 10),
    );
    // One for the picture, and one for the sound.
    const processes = await untilDescendants("ffmpeg", 2);
    expect(picturesOf(one.units).at(-1)).toBe(
      picturesOf(other.units).find(({ nals }) => nals === picturesOf(one.units).at(-1)!.nals),
    );
    expect(house.streams.status()).toMatchObject([{ viewers: 2 }]);
    expect(
      house.streams
        .health()
        .map(({ rendition }) => rendition)
        .sort(),
    ).toEqual([...["camera", "h264+camera", "h264+opus"]]);
    const seen = [one, other].map(({ units }) => picturesOf(units).length);
    for (const pid of processes) process.kill(pid, "SIGKILL");
    await eventually("pictures and sound again for both", () =>
      [one, other].every(({ units }, index) => picturesOf(units).length > seen[index]! + 25),
    );
    const heard = soundOf(one.units).length;
    await eventually("sound again", () => soundOf(one.units).length > heard + 25);
    for (const { units } of [one, other]) {
      expect([rising(picturesOf(units)), rising(soundOf(units))]).toEqual([true, true]);
    }
  });

  it("begins anew when its transcoder is killed, and whoever watches the camera's own does not notice", async () => {
    await using house = await open();
    const stream = await house.playable(["h264"], []);
    using own = house.watch(house.base);
    using viewer = house.watch(stream);
    await eventually("pictures", () => picturesOf(viewer.units).length > 25);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    process.kill(pid, "SIGKILL");
    await eventually("the failure noticed", () => stream.state.kind === "offline");
    const seen = picturesOf(viewer.units).length;
    await eventually("pictures again", () => picturesOf(viewer.units).length > seen + 25);
    expect(picturesOf(viewer.units)[seen]).toMatchObject({ key: true });
    expect(rising(picturesOf(viewer.units))).toBe(true);
    const timestamps = picturesOf(own.units).map(({ timestamp }) => timestamp);
    expect(timestamps).toEqual(Array.from({ length: timestamps.length }, (_, index) => timestamps[0]! + index * 3_600));
    expect(house.camera.tries).toBe(1);
  });

  it("skips to a key picture when its transcoder is too slow, within bounds, and slows nobody else", async () => {
    await using house = await open();
    const stream = await house.playable(["h264"], []);
    using own = house.watch(house.base);
    using viewer = house.watch(stream);
    await eventually("pictures", () => picturesOf(viewer.units).length > 25);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    process.kill(pid, "SIGSTOP");
    house.send(60_000);
    expect(own.units.length).toBeGreaterThan(60 * 25);
    expect(house.base.status.dropped).toBeGreaterThan(1_000);
    process.kill(pid, "SIGCONT");
    const last = house.sent.at(-1)!.timestamp;
    await eventually("what is live", () => picturesOf(viewer.units).some(({ timestamp }) => timestamp > last));
    expect(rising(picturesOf(viewer.units))).toBe(true);
    expect(await untilDescendants("ffmpeg", 1)).toEqual([pid]);
  });
});
