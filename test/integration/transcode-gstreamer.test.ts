import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { Secret, systemClock, type CameraId } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { recordClip } from "../../gateway-bridge/src/consumers/clip/record-clip.ts";
import type { AudioUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { openSoundConverter, type OpenSoundConverter } from "../../gateway-bridge/src/media/ffmpeg/sound-converter.ts";
import type { Stream } from "../../gateway-bridge/src/media/stream.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import { RecordingViewer } from "../../gateway-bridge/src/media/testing/recording-viewer.ts";
import { nalType } from "../../gateway-bridge/src/protocols/h264/nal.ts";
import { parseOpus } from "../../gateway-bridge/src/protocols/opus/opus-packet.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { descendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { GstRtspServer, type GstMount } from "../support/gst-rtsp-server.ts";
import { makeMediaFrom } from "../support/media-files.ts";
import { describeWith } from "../support/needs.ts";
import { listenFor } from "../support/tone.ts";

jest.setTimeout(90_000);

const cancel = { signal: new AbortController().signal };
const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const startCode = Buffer.from([0, 0, 0, 1]);

describeWith(["ffmpeg", "gstreamer"], "A camera whose codecs its viewer cannot take", () => {
  const mounts = ["main-aac", "main-pcmu", "h265-aac", "h265-pcma"] as const satisfies readonly GstMount[];
  let server: GstRtspServer;
  beforeAll(async () => void (server = await GstRtspServer.open({ mounts: [...mounts, "h265-l16"] })));
  afterAll(() => server[Symbol.asyncDispose]());

  interface House extends AsyncDisposable {
    readonly log: MemoryLogger;
    readonly ffmpeg: Ffmpeg;
    readonly streams: Streams;
  }

  /** A gateway's streams of the camera. */
  const open = (mount: GstMount, prerollMs = 0): House => {
    const log = new MemoryLogger();
    const ffmpeg = Ffmpeg.create({ searchPath: "/usr/bin:/bin", unsandboxed: true, clock: systemClock, log });
    const credentials = { username: server.username, password: Secret.of(server.password) };
    const auth = { floor: "none", raise: () => undefined } as const;
    const streams = Streams.create({
      endpoint: async (id, tier) => ({ camera: id, tier, url: server.url(mount), credentials, pin: null, auth }),
      openSource: createRtspSource({ clock: systemClock, log }),
      ...{ clock: systemClock, log, random: () => 0.5, ffmpeg, prerollMs },
    });
    return { log, ffmpeg, streams, [Symbol.asyncDispose]: () => streams[Symbol.asyncDispose]() };
  };

  it.each(mounts)("is seen and heard all the same (%s)", async (mount) => {
    await using house = open(mount);
    const { log, streams } = house;
    const stream = await streams.playable(camera, "main", { video: ["h264"], audio: ["opus"] }, cancel);
    const { video, audio } = await stream.ready(cancel);
    expect([video.codec, audio?.codec]).toEqual(["h264", "opus"]);
    const viewer = new RecordingViewer();
    using session = stream.join(viewer);
    session.resume();
    const pictures = (): readonly VideoUnit[] => viewer.units.filter((unit) => unit.kind === "video");
    const sound = (): readonly AudioUnit[] => viewer.units.filter((unit) => unit.kind === "audio");
    await eventually("two seconds of both", () => pictures().length > 50 && sound().length > 100, 60_000);

    const [shown, heard] = [pictures(), sound()];
    expect(shown[0]?.nals.map(nalType)).toEqual(expect.arrayContaining([7, 8, 5]));
    const file = Buffer.concat(shown.flatMap(({ nals }) => nals.flatMap((nal) => [startCode, nal])));
    const shrink = ["-vf", "scale=16:16", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo"];
    const seen = await makeMediaFrom(file, "-xerror", "-f", "h264", "-i", "pipe:0", ...shrink);
    expect(seen.length / 256).toBe(shown.length);
    expect(heard.every(({ data }) => parseOpus(data).duration === 960)).toBe(true);
    // Never a process for each, and one for each track at most.
    expect(await descendants("ffmpeg")).toHaveLength(mount.startsWith("h265") ? 2 : 1);
    // On a busy machine the transcoder of the sound comes along as late as that, and catches up.
    const apart = (): number => Math.abs(pictures().at(-1)!.timestamp / 90 - sound().at(-1)!.timestamp / 48);
    await eventually("the sound beside its picture", () => apart() < 700);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it.each<GstMount>(["main-pcmu", "h265-pcma", "h265-l16"])("is heard in the past of a clip (%s)", async (mount) => {
    await using house = open(mount, 3_000);
    const { log, streams, ffmpeg } = house;
    const stream = streams.of(camera, "main");
    using _hold = stream.hold();
    await eventually("three seconds of the past", () => reachOf(stream) > 3_000);
    const openConverter: OpenSoundConverter = (conversion, sink, within) =>
      openSoundConverter({ ...conversion, ffmpeg, clock: systemClock }, sink, within);
    const request = { stream, beforeMs: 3_000, afterMs: 1_500, openConverter, clock: systemClock, log };
    const { chunks, coveredMs } = await recordClip(request, cancel);
    const file: Uint8Array[] = [];
    for await (const chunk of chunks) file.push(chunk);
    const asSamples = ["-f", "s16le", "-ar", "16000", "-ac", "1"];
    const fromStart = ["-af", "aresample=async=1:first_pts=0"];
    const pcm = await makeMediaFrom(Buffer.concat(file), "-i", "pipe:0", "-map", "0:a", ...fromStart, ...asSamples);
    const samples = new Int16Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 2));
    expect(coveredMs).toBeGreaterThanOrEqual(3_000);
    expect(samples.length / 16).toBeGreaterThan(coveredMs + 300);
    for (let at = 0.25; at < coveredMs / 1_000; at += 0.25) {
      const { level, purity } = listenFor(440, samples.subarray(at * 16_000, (at + 0.25) * 16_000), 16_000);
      expect([at, level > 5_000, purity > 0.9]).toEqual([at, true, true]);
    }
    expect(log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });
});

/** How long ago the oldest came that is stored, in ms. */
const reachOf = (stream: Stream): number => {
  const [oldest] = stream.recent(60_000);
  return oldest === undefined ? 0 : systemClock.monotonic() - oldest.arrivedAt;
};
