import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { Secret, silentLogger, systemClock } from "@gatehouse/shared";

import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { Simulator } from "../simulator/simulator.ts";
import { ClipCamera } from "../support/clip-camera.ts";
import { GstRtspServer } from "../support/gst-rtsp-server.ts";
import { LiveFmp4Server } from "../support/live-fmp4-server.ts";
import { MsePlayer } from "../support/mse-player.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";

const never = new AbortController().signal;
/** The clips have a key picture every two seconds: whoever is nearer than this is not a GOP behind. */
const nearMs = 1_000;
/** Of the last pictures. A busy computer shows some late for a while, whoever sends them. */
const areNear = `playing.frames.slice(-10).every(({ at, sentAt }) => at - sentAt < ${nearMs})`;
/**
 * The last pictures, which are more than a GOP, in media time: what is lost is four pictures' distance, and waiting for a key picture would be forty,
 * of a GOP's pictures ten. A busy computer leaves some out for a while by itself.
 */
const flows = `(() => {
  const times = playing.frames.slice(-60).map(({ mediaTime }) => mediaTime);
  const steps = times.slice(1).map((time, index) => time - times[index]);
  return times.length === 60 && Math.max(...steps) < 1 && 60 / (times.at(-1) - times[0]) > 10;
})()`;

describeWith(["chromium"], "Chromium plays a live view by Media Source Extensions", () => {
  it.each(["none", "opus"] as const)(
    "at once and live, without losing a picture; sound: %s",
    async (audio) => {
      await using simulator = await Simulator.open({ audio });
      await using server = await LiveFmp4Server.of(simulator);
      using _warm = server.stream.hold();
      await server.stream.ready({ signal: never });
      await using player = await MsePlayer.open(server.pageUrl);
      await player.play(server.liveUrl);
      await player.until(`playing.frames.length >= 60 && ${areNear}`);
      const { starts, problems, frames } = await player.playing();
      expect(problems).toEqual([]);
      expect(starts).toEqual([
        {
          kind: "start",
          mime: `video/mp4; codecs="avc1.4d4028${audio === "opus" ? ",opus" : ""}"`,
          width: 1920,
          height: 1080,
        },
      ]);
      // Each frame that was shown is a picture of the camera, and none is shown twice or out of order.
      const shown = frames.map(({ frame }) => frame);
      expect(shown.every((frame) => frame !== undefined)).toBe(true);
      expect(shown.toSorted((a = 0, b = 0) => a - b)).toEqual(shown);
      expect(new Set(shown).size).toBe(shown.length);
      expect(
        await player.page.evaluate(
          "[video.videoWidth, video.error, video.getVideoPlaybackQuality().corruptedVideoFrames ?? 0]",
        ),
      ).toEqual([1920, null, 0]);
      expect([...server.views].map(({ dropped }) => dropped)).toEqual([0]);
    },
    60_000,
  );

  it("and goes on after the camera was away", async () => {
    await using simulator = await Simulator.open();
    await using server = await LiveFmp4Server.of(simulator);
    await using player = await MsePlayer.open(server.pageUrl);
    await player.play(server.liveUrl);
    await player.until("playing.frames.length >= 10");
    await simulator.reboot(500);
    const { frames } = await player.playing();
    const last = frames.at(-1)?.frame ?? 0;
    await player.until(`(playing.frames.at(-1).frame ?? 0) > ${last + 30}`, 30_000);
    const { starts, problems, closed } = await player.playing();
    expect(starts).toHaveLength(1);
    expect([problems, closed ?? null]).toEqual([[], null]);
  }, 60_000);

  it("and goes on in another size when the camera changes its resolution", async () => {
    using camera = await ClipCamera.open();
    await using server = await LiveFmp4Server.open({ openSource: camera.openSource });
    await using player = await MsePlayer.open(server.pageUrl);
    await player.play(server.liveUrl);
    await player.until("video.videoWidth === 1920 && playing.frames.length >= 10");
    camera.wanted = "sub";
    await player.until("video.videoWidth === 640", 30_000);
    const { frames } = await player.playing();
    await player.until(`playing.frames.length >= ${frames.length + 20}`);
    const { starts, problems } = await player.playing();
    expect(starts.map(({ width, height }) => [width, height])).toEqual([
      [1920, 1080],
      [640, 360],
    ]);
    expect(problems).toEqual([]);
  }, 60_000);

  it("and does not freeze up to the next key picture where some are lost", async () => {
    using camera = await ClipCamera.open();
    // The small picture, which a busy computer decodes in time as well.
    camera.wanted = "sub";
    // Three in a row, and none of them a key picture.
    camera.loses = (picture) => picture % 50 >= 10 && picture % 10 < 3;
    await using server = await LiveFmp4Server.open({ openSource: camera.openSource });
    await using player = await MsePlayer.open(server.pageUrl);
    await player.play(server.liveUrl);
    await player.until(flows);
    expect((await player.playing()).problems).toEqual([]);
  }, 60_000);

  it("and shows the picture where announced sound never comes", async () => {
    using camera = await ClipCamera.open();
    camera.mute = true;
    await using server = await LiveFmp4Server.open({ openSource: camera.openSource });
    await using player = await MsePlayer.open(server.pageUrl);
    await player.play(server.liveUrl);
    await player.until("playing.frames.length >= 50", 30_000);
    const { starts, problems } = await player.playing();
    expect(starts.map(({ mime }) => mime)).toEqual(['video/mp4; codecs="avc1.4d4028,opus"']);
    expect(problems).toEqual([]);
  }, 60_000);

  it("and plays a clip from before it was asked for, from its beginning to its end", async () => {
    await using simulator = await Simulator.open({ audio: "opus" });
    await using server = await LiveFmp4Server.of(simulator, { prerollMs: 10_000 });
    using _warm = server.stream.hold();
    await server.stream.ready({ signal: never });
    await using player = await MsePlayer.open(server.pageUrl);
    await eventually(
      "four seconds are stored",
      () => (server.stream.recent(4_000)[0]?.arrivedAt ?? Infinity) < systemClock.monotonic() - 4_000,
    );
    const url = `${server.pageUrl}clip?before=3000&after=1500`;
    await player.page.evaluate(
      `video.src = ${JSON.stringify(url)}; video.onended = () => (playing.ended = true); video.play()`,
    );
    await player.until("playing.ended === true", 30_000);
    const [duration, width, decoded, problem] = await player.page.evaluate<[number, number, number, unknown]>(
      "[video.duration, video.videoWidth, video.getVideoPlaybackQuality().totalVideoFrames, video.error]",
    );
    expect([width, problem]).toEqual([1920, null]);
    // What this process was late by, which is camera and gateway in one: past and future are counted by when pictures came.
    const came = server.stream.recent(10_000).flatMap(({ kind, arrivedAt }) => (kind === "video" ? [arrivedAt] : []));
    const late = Math.max(...came.slice(1).map((at, index) => at - came[index]!)) / 1_000;
    expect(duration).toBeGreaterThan(4.4 - late);
    // A GOP of two seconds more, at most, because it begins with a key picture.
    expect(duration).toBeLessThan(7 + late);
    expect(decoded).toBeGreaterThan(20 * duration);
  }, 60_000);

  it("and tells why there is nothing to play", async () => {
    await using simulator = await Simulator.open();
    await using server = await LiveFmp4Server.of(simulator);
    await server.streams[Symbol.asyncDispose]();
    await using player = await MsePlayer.open(server.pageUrl);
    await player.play(server.liveUrl);
    await player.until("playing.closed !== undefined");
    const { ends, closed } = await player.playing();
    expect(ends).toMatchObject([{ kind: "end", error: { code: "stream-ended" } }]);
    expect(closed).toEqual({ code: 1013, reason: "stream-ended" });
  }, 60_000);
});

describeWith(["chromium", "gstreamer"], "Chromium plays GStreamer's camera", () => {
  const mounts = ["baseline", "high", "main-aac"] as const;
  let gst: GstRtspServer;
  beforeAll(async () => (gst = await GstRtspServer.open({ mounts })), 60_000);
  afterAll(async () => gst[Symbol.asyncDispose]());

  it.each(mounts)(
    "%s",
    async (mount) => {
      const credentials = { username: gst.username, password: Secret.of(gst.password) };
      const openSource = createRtspSource({ clock: systemClock, log: silentLogger });
      await using server = await LiveFmp4Server.open({ openSource, endpoint: { url: gst.url(mount), credentials } });
      await using player = await MsePlayer.open(server.pageUrl);
      await player.play(server.liveUrl);
      await player.until("playing.frames.length >= 40", 30_000);
      const { starts, problems, frames } = await player.playing();
      expect(problems).toEqual([]);
      expect(starts[0]?.mime).toMatch(mount === "main-aac" ? /avc1\..*,mp4a\.40\.2/ : /"avc1\.[0-9a-f]{6}"/);
      const times = frames.map(({ mediaTime }) => mediaTime);
      expect([...times].sort((a, b) => a - b)).toEqual(times);
      expect(times.at(-1)! - times[0]!).toBeGreaterThan(1);
    },
    60_000,
  );
});
