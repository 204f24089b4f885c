import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { CameraId, Secret, systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { AuthScheme, StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import type { AudioTrack, Track, VideoCodec } from "../../gateway-bridge/src/domain/track.ts";
import { isVcl, nalType } from "../../gateway-bridge/src/protocols/h264/nal.ts";
import * as h265 from "../../gateway-bridge/src/protocols/h265/nal.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { GstRtspServer, type GstMount, type GstSound, type GstVideo } from "../support/gst-rtsp-server.ts";
import { describeWith } from "../support/needs.ts";

const never = new AbortController().signal;

interface Take {
  readonly tracks: readonly Track[];
  readonly units: readonly AccessUnit[];
  readonly log: MemoryLogger;
  readonly logins: readonly AuthScheme[];
}

const endpoint = (server: GstRtspServer, mount: GstMount, logins: AuthScheme[], password: string): StreamEndpoint => ({
  camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
  tier: "main",
  url: server.url(mount),
  credentials: { username: server.username, password: Secret.of(password) },
  pin: null,
  auth: { floor: "none", raise: (scheme) => logins.push(scheme) },
});

/** Reads one mount until `enough` says so. */
const take = async (
  server: GstRtspServer,
  mount: GstMount,
  enough: (units: readonly AccessUnit[]) => boolean,
): Promise<Take> => {
  const [log, logins, units] = [new MemoryLogger(), [] as AuthScheme[], [] as AccessUnit[]];
  const open = createRtspSource({ clock: systemClock, log });
  await using source = await open(endpoint(server, mount, logins, server.password), { signal: never });
  const done = new AbortController();
  const write = (unit: AccessUnit): void => {
    units.push(unit);
    if (enough(units)) done.abort(new Error("enough"));
  };
  await expect(source.play({ write }, { signal: done.signal })).rejects.toThrow("enough");
  return { tracks: source.tracks, units, log, logins };
};

const isVideo = (unit: AccessUnit): unit is VideoUnit => unit.kind === "video";
const isAudio = (unit: AccessUnit): unit is AudioUnit => unit.kind === "audio";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const hashes = (unit: VideoUnit): readonly string[] => unit.nals.filter((nal) => isVcl(nalType(nal))).map(sha256);
const hashes265 = (unit: VideoUnit): readonly string[] =>
  unit.nals.filter((nal) => h265.isVcl(h265.nalType(nal))).map(sha256);

/** How many pictures ffmpeg decodes out of them, and what it complains about. */
const decode = async (
  units: readonly VideoUnit[],
  codec: VideoCodec = "h264",
): Promise<{ pictures: number; complaints: string }> => {
  const ffmpeg = spawn("/usr/bin/ffmpeg", [
    ...["-v", "error", "-err_detect", "explode", "-threads", "1"],
    ...[
      "-f",
      codec === "h264" ? "h264" : "hevc",
      "-i",
      "pipe:0",
      "-fps_mode",
      "passthrough",
      "-f",
      "framemd5",
      "pipe:1",
    ],
  ]);
  const [pictures, complaints, exited] = [text(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, "exit")];
  const startCode = Buffer.from([0, 0, 0, 1]);
  ffmpeg.stdin.end(Buffer.concat(units.flatMap(({ nals }) => nals.flatMap((nal) => [startCode, nal]))));
  await exited;
  return { pictures: (await pictures).match(/^0,/gm)?.length ?? 0, complaints: await complaints };
};

describeWith(["gstreamer", "ffmpeg"], "a camera made of GStreamer", () => {
  let server: GstRtspServer;
  beforeAll(async () => {
    server = await GstRtspServer.open({
      mounts: ["baseline", "main", "high", "opus", "h265-aac", "h265-l16", "main-pcmu", "main-pcma"],
    });
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  it.each<[GstVideo, number]>([
    ["baseline", 66],
    ["main", 77],
    ["high", 100],
  ])("gives every picture of its %s profile, whole and in order", async (mount, profile) => {
    const clip = server.clip(mount);
    // More than one round, so that the seam of the loop is in it.
    const { tracks, units, log, logins } = await take(server, mount, (all) => all.length === clip.length + 15);
    const pictures = units.filter(isVideo);
    expect(pictures.map(hashes)).toEqual(pictures.map((_, index) => clip[index % clip.length]));
    expect(pictures.map(({ key }) => key)).toEqual(pictures.map((_, index) => index % 25 === 0));
    expect(pictures[0]?.nals.map(nalType)).toEqual(expect.arrayContaining([7, 8, 5]));
    const [first] = pictures;
    const steps = pictures.map(({ timestamp }, index) => timestamp - (first?.timestamp ?? 0) - 3_600 * index);
    expect(steps.every((difference) => Math.abs(difference) <= 1)).toBe(true);
    expect(pictures.every(({ bytes, nals }) => bytes === nals.reduce((sum, nal) => sum + nal.length, 0))).toBe(true);
    expect(await decode(pictures)).toEqual({ pictures: pictures.length, complaints: "" });

    const [track, ...more] = tracks;
    expect(more).toEqual([]);
    const sps = track?.kind === "video" ? track.parameterSets?.sps : undefined;
    expect(sps?.[1]).toBe(profile);
    expect(pictures[0]?.nals.find((nal) => nalType(nal) === 7)).toEqual(sps);
    expect(new Set(logins)).toEqual(new Set(["digest-md5"]));
    expect(log.lines).toEqual([]);
  });

  it("gives Opus sound beside aggregated pictures", async () => {
    const { tracks, units } = await take(server, "opus", (all) => all.length >= 60 && all.filter(isAudio).length >= 25);
    expect(tracks).toMatchObject([
      { kind: "video", codec: "h264" },
      { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 },
    ]);
    const clip = server.clip("main");
    const pictures = units.filter(isVideo);
    expect(pictures.length).toBeGreaterThan(10);
    expect(pictures.map(hashes)).toEqual(pictures.map((_, index) => clip[index % clip.length]));
    const frames = units.filter(isAudio);
    const gaps = frames.slice(1).map(({ timestamp }, index) => timestamp - (frames[index]?.timestamp ?? 0));
    // The first frame is shortened by what the encoder looks ahead.
    expect(new Set(gaps.slice(1))).toEqual(new Set([960]));
    // RFC 6716 3.1: one frame (code 0) of 20 ms, which all configurations of the encoder's 20 ms mode are.
    const twentyMs = new Set([1, 5, 9, 13, 15, 19, 23, 27, 31]);
    expect(frames.every(({ data, bytes }) => bytes === data.length && twentyMs.has((data[0] ?? 0) >> 3))).toBe(true);
  });

  it.each<[GstVideo, Exclude<GstSound, "opus">, AudioTrack, number]>([
    ["h265", "aac", { kind: "audio", codec: "aac", clockRate: 16_000, channels: 1, config: Buffer.of(0x14, 8) }, 1_024],
    ["h265", "l16", { kind: "audio", codec: "l16", clockRate: 16_000, channels: 1 }, 320],
    ["main", "pcmu", { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 }, 160],
    ["main", "pcma", { kind: "audio", codec: "pcma", clockRate: 8_000, channels: 1 }, 160],
  ])("gives every picture of %s and every sound of %s, in its own time", async (video, sound, expected, ticks) => {
    const codec = video === "h265" ? "h265" : "h264";
    const mount = `${video}-${sound}` as const;
    const { tracks, units, log } = await take(
      server,
      mount,
      (all) => all.filter(isVideo).length >= 60 && all.filter(isAudio).length >= 35,
    );
    expect(tracks).toMatchObject([{ kind: "video", codec }, { ...expected }]);
    const [clip, tones] = [server.clip(video), server.sound(sound)];
    const pictures = units.filter(isVideo);
    const hashesOf = codec === "h265" ? hashes265 : hashes;
    expect(pictures.map(hashesOf)).toEqual(pictures.map((_, index) => clip[index % clip.length]));
    expect(pictures.map(({ key }) => key)).toEqual(pictures.map((_, index) => index % 25 === 0));
    expect(await decode(pictures, codec)).toEqual({ pictures: pictures.length, complaints: "" });
    const [track] = tracks;
    const sets = track?.kind === "video" ? track.parameterSets : undefined;
    for (const set of [sets?.sps, sets?.pps, ...(codec === "h265" ? [sets?.vps] : [])]) {
      expect(pictures[0]?.nals.some((nal) => set?.equals(nal))).toBe(true);
    }

    const frames = units.filter(isAudio);
    expect(frames.map(({ data }) => sha256(data))).toEqual(frames.map((_, index) => tones[index % tones.length]));
    const start = frames[0]?.timestamp ?? 0;
    const drift = frames.map(({ timestamp }, index) => timestamp - start - index * ticks);
    expect(Math.max(...drift.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(log.lines).toEqual([]);
  });

  it("refuses a wrong password, once", async () => {
    const open = createRtspSource({ clock: systemClock, log: new MemoryLogger() });
    await expect(open(endpoint(server, "main", [], "wrong"), { signal: never })).rejects.toMatchObject({
      code: "camera-credentials",
    });
  });

  it("says that there is no such stream", async () => {
    const open = createRtspSource({ clock: systemClock, log: new MemoryLogger() });
    const nowhere = { ...endpoint(server, "main", [], server.password), url: `${server.url("main")}x` };
    await expect(open(nowhere, { signal: never })).rejects.toMatchObject({
      code: "camera-fault",
      details: { status: 404 },
    });
  });
});
