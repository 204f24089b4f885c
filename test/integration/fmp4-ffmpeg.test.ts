import { expect, it } from "@jest/globals";

import { recordClip } from "../../gateway-bridge/src/consumers/clip/record-clip.ts";
import { noConverter } from "../../gateway-bridge/src/consumers/clip/testing/fake-converter.ts";
import { Fmp4View } from "../../gateway-bridge/src/consumers/fmp4/fmp4-view.ts";
import { FakeLiveSocket } from "../../gateway-bridge/src/consumers/fmp4/testing/fake-live-socket.ts";
import type { AccessUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { Track } from "../../gateway-bridge/src/domain/track.ts";
import { House, never } from "../../gateway-bridge/src/media/testing/house.ts";
import {
  codePictures,
  codeSound,
  decodePictures,
  decodeSound,
  interleave,
  packetTimes,
  videoTrackOf,
} from "../support/coded-media.ts";
import { describeWith } from "../support/needs.ts";

interface Files {
  /** What a live viewer was sent, and a clip of all of it. */
  readonly live: Buffer;
  readonly clip: Buffer;
}

/** Plays units through a Stream to a live view and into a clip. */
const play = async (tracks: readonly Track[], units: readonly AccessUnit[]): Promise<Files> => {
  await using house = new House({ prerollMs: 60_000 });
  house.camera.tracks = tracks;
  const { stream, clock, log } = house;
  const socket = new FakeLiveSocket();
  Fmp4View.open({ stream, socket, clock, log });
  await house.settle();
  const begun = clock.monotonic();
  for (const unit of units) {
    house.camera.send({ ...unit, arrivedAt: begun + unit.arrivedAt });
    await clock.advance(Math.max(0, begun + unit.arrivedAt - clock.monotonic()));
  }
  const request = { stream, openConverter: noConverter, clock, log, beforeMs: 60_000, afterMs: 0 };
  const clip = await recordClip(request, { signal: never });
  await clock.advance(1);
  const chunks: Uint8Array[] = [];
  for await (const chunk of clip.chunks) chunks.push(chunk);
  return { live: Buffer.concat(socket.binary), clip: Buffer.concat(chunks) };
};

const fromZero = (times: readonly number[]): readonly number[] => times.map((time) => time - Math.min(...times));

describeWith(["ffmpeg"], "ffmpeg reads what we make of pictures", () => {
  it.each([
    { codec: "h264", bFrames: 0 },
    { codec: "h264", bFrames: 2 },
    { codec: "h264", bFrames: 4 },
    { codec: "h265", bFrames: 0 },
    { codec: "h265", bFrames: 3 },
  ] as const)(
    "$codec with $bFrames B-frames: every picture, bit for bit, at its own time",
    async (coding) => {
      const { units, decoded } = codePictures(coding);
      expect(units).toHaveLength(75);
      const { live, clip } = await play([videoTrackOf(coding.codec)], units);
      const times = fromZero(units.map(({ timestamp }) => timestamp));
      for (const file of [live, clip]) {
        expect(decodePictures(file)).toEqual(decoded);
        expect(fromZero(packetTimes(file, "v"))).toEqual(times);
      }
    },
    60_000,
  );
});

describeWith(["ffmpeg"], "ffmpeg reads what we make of sound", () => {
  it.each(["aac", "opus"] as const)(
    "%s: every sample, beside the picture",
    async (codec) => {
      const { units } = codePictures({ codec: "h264", bFrames: 0 });
      const sound = codeSound(codec);
      const { live, clip } = await play([videoTrackOf("h264"), sound.track], interleave(units, sound.units));
      for (const file of [live, clip]) {
        const samples = decodeSound(file).length / 2;
        const seconds = samples / (codec === "aac" ? 16_000 : 48_000);
        expect(seconds).toBeGreaterThan(2.85);
        expect(seconds).toBeLessThan(3.2);
        const times = packetTimes(file, "a");
        const step = codec === "aac" ? 1_024 : 960;
        times.slice(1).forEach((time, index) => expect(time - times[index]!).toBe(step));
      }
    },
    60_000,
  );

  it("fills what is lost with silence, so that the rest stays where it belongs", async () => {
    const { units } = codePictures({ codec: "h264", bFrames: 0 });
    const { track, units: frames } = codeSound("opus");
    const heard = frames.filter((_, index) => index < 50 || index >= 100);
    const { live } = await play([videoTrackOf("h264"), track], interleave(units, heard));
    const samples = decodeSound(live);
    const loudest = (fromMs: number, toMs: number): number => {
      let most = 0;
      for (let at = fromMs * 48; at < toMs * 48; at += 1) most = Math.max(most, Math.abs(samples.readInt16LE(2 * at)));
      return most;
    };
    expect(loudest(200, 900)).toBeGreaterThan(1_000);
    expect(loudest(1_150, 1_850)).toBeLessThan(100);
    expect(loudest(2_200, 2_800)).toBeGreaterThan(1_000);
  }, 60_000);
});
