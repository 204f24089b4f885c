import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { systemClock, untilAborted } from "@gatehouse/shared";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import type { VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { VideoTrack } from "../../gateway-bridge/src/domain/track.ts";
import type { OpenSource } from "../../gateway-bridge/src/ports.ts";
import { codePictures, videoTrackOf } from "../support/coded-media.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { doorCamera, RtspDoor } from "../support/rtsp-door.ts";

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
});

/** A camera that sends these pictures, 25 a second, and then is silent. It rests in the middle of a group until somebody watches. */
class Film {
  sent = 0;
  readonly #track: VideoTrack;
  readonly #units: readonly VideoUnit[];
  readonly #restsAt: number;
  readonly #watched = Promise.withResolvers<undefined>();

  constructor(track: VideoTrack, units: readonly VideoUnit[], restsAt: number) {
    this.#track = track;
    this.#units = units;
    this.#restsAt = restsAt;
  }

  goOn(): void {
    this.#watched.resolve(undefined);
  }

  readonly openSource: OpenSource = async () => ({
    tracks: [this.#track],
    play: async (sink, { signal }) => {
      let startedAt = systemClock.monotonic();
      for (const unit of this.#units) {
        if (this.sent === this.#restsAt) {
          await untilAborted(signal, this.#watched.promise);
          startedAt = systemClock.monotonic() - unit.arrivedAt;
        }
        const now = systemClock.monotonic();
        await systemClock.delay(Math.max(0, startedAt + unit.arrivedAt - now), { signal });
        sink.write({ ...unit, arrivedAt: systemClock.monotonic() });
        this.sent += 1;
      }
      return untilAborted(signal, new Promise<never>(() => undefined));
    },
    [Symbol.asyncDispose]: async () => undefined,
  });
}

interface Shown {
  /** Ticks. */
  readonly at: number;
  readonly hash: string;
}

/** What ffmpeg shows of so many pictures of a stream. */
const watch = async (url: string, count: number): Promise<readonly Shown[]> => {
  const input = ["-v", "warning", "-copyts", "-rtsp_transport", "tcp", "-i", url, "-map", "0:v"];
  const output = [
    "-frames:v",
    String(count),
    "-fps_mode",
    "passthrough",
    "-enc_time_base",
    "1:90000",
    "-f",
    "framemd5",
    "-",
  ];
  const player = spawn("ffmpeg", [...input, ...output], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(player, "exit");
  const [out, complaints] = await Promise.all([text(player.stdout), text(player.stderr)]);
  expect([await exited, complaints]).toEqual([[0, null], ""]);
  return out
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").map((field) => field.trim()))
    .map((fields) => ({ at: Number(fields[2]), hash: fields[5] ?? "" }));
};

describeWith(["ffmpeg"], "ffmpeg, which comes amid a group of pictures with B-frames", () => {
  it.each([
    { codec: "h264", bFrames: 2, amid: 36 },
    { codec: "h264", bFrames: 4, amid: 43 },
    { codec: "h265", bFrames: 3, amid: 38 },
  ] as const)(
    "shows every picture once and in time ($codec, $bFrames B-frames, from picture $amid)",
    async ({ codec, bFrames, amid }) => {
      const { units, decoded } = codePictures({ codec, bFrames, seconds: 10 });
      const film = new Film(videoTrackOf(codec), units, amid);
      const door = stack.use(await RtspDoor.open({ openSource: film.openSource, plain: true }));
      const login = await door.admit();
      const stream = await door.streams.playable(
        doorCamera,
        "main",
        { video: [codec], audio: [] },
        { signal: new AbortController().signal },
      );
      stack.use(stream.hold());
      await eventually("the middle of a group", () => film.sent === amid);
      const watching = watch(login.url(doorCamera, "rtsp"), 60);
      await eventually("a reader", () => door.server.sessions() === 1);
      film.goOn();
      const shown = await watching;
      expect(shown.length).toBeGreaterThanOrEqual(60);
      // All that are coded, from a key picture on.
      const first = decoded.indexOf(shown[0]?.hash ?? "");
      expect(first % 25).toBe(0);
      expect(shown.map(({ hash }) => hash)).toEqual(decoded.slice(first, first + shown.length));
      const times = shown.map(({ at }) => at);
      expect(times.filter((at, index) => index > 0 && at <= (times[index - 1] ?? 0))).toEqual([]);
    },
  );
});
