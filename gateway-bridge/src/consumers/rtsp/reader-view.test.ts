import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import type { AudioTrack } from "../../domain/track.ts";
import { House } from "../../media/testing/house.ts";
import { makePicture, makeSound, parameterSets, reorderingSets, videoTrack } from "../../media/testing/units.ts";
import { parseRtcp } from "../../protocols/rtp/rtcp.ts";
import { parseRtp, type RtpPacket } from "../../protocols/rtp/rtp-packet.ts";
import { packetsOf } from "../../protocols/rtsp-server/interleaved-packets.ts";
import type { Carrier } from "./carrier.ts";
import { ReaderView } from "./reader-view.ts";
import { TrackOutlet } from "./track-outlet.ts";

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };

/** Keeps what it is given; full while there is no room. */
class KeptPackets implements Carrier {
  readonly packets: RtpPacket[] = [];
  readonly reports: Buffer[] = [];
  readonly reliable = true;
  readonly channel = 0;
  readonly transport = "RTP/AVP/TCP";
  room = true;

  memory(size: number): Buffer {
    return Buffer.allocUnsafe(size);
  }

  send(packets: Buffer): boolean {
    this.packets.push(...[...packetsOf(packets)].map(parseRtp));
    return this.room;
  }

  sendReport(report: Buffer): void {
    this.reports.push(report);
  }

  [Symbol.dispose](): void {
    // It holds nothing.
  }
}

let house: House;
let video: KeptPackets;
let audio: KeptPackets;
let gone: string[];
beforeEach(async () => {
  house = new House();
  video = new KeptPackets();
  audio = new KeptPackets();
  gone = [];
  house.camera.tracks = [videoTrack, pcmu];
  house.stream.hold();
  await house.settle();
  await house.clock.advance(1_000);
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
});

const outlet = (carrier: Carrier, clockRate: number): TrackOutlet =>
  new TrackOutlet({ carrier, payloadType: 96, clockRate, cname: "gate" });

const begin = (wanted: "both" | "sound" = "both"): ReaderView => {
  const sound = { track: pcmu, outlet: outlet(audio, 8_000) };
  const tracks = wanted === "sound" ? [sound] : [{ track: videoTrack, outlet: outlet(video, 90_000) }, sound];
  return ReaderView.begin({ stream: house.stream, tracks, clock: house.clock, onGone: (why) => gone.push(why) });
};

/** Sends a picture of this media time, now. */
const picture = (ms: number, key = false, sets = reorderingSets): void => {
  const before = key ? [sets.sps, sets.pps] : [];
  house.camera.send(makePicture({ key, timestamp: ms * 90, arrivedAt: house.clock.monotonic(), before }));
};
/** One timestamp for each picture, in ms since the first. */
const times = (): number[] => {
  const [first] = video.packets;
  return video.packets
    .filter(({ marker }) => marker)
    .map(({ timestamp }) => ((timestamp - (first?.timestamp ?? 0)) | 0) / 90);
};

describe("ReaderView", () => {
  it("keeps the order of display that a camera with B-frames tells", async () => {
    using _view = begin();
    for (const [index, ms] of [0, 120, 40, 80, 240, 160, 200].entries()) {
      picture(ms, index === 0);
      await house.clock.advance(40);
    }
    expect(times()).toEqual([0, 120, 40, 80, 240, 160, 200]);
  });

  it("hurries through what was stored, each picture later than the one before, and is then at the camera's own time", async () => {
    for (let index = 0; index < 25; index += 1) {
      picture(index * 40, index === 0);
      await house.clock.advance(40);
    }
    using _view = begin();
    await house.clock.advance(250);
    const stored = times();
    expect(stored).toHaveLength(25);
    expect(stored.at(-1)).toBeLessThanOrEqual(250);
    expect(stored.every((ms, index) => index === 0 || ms > (stored[index - 1] ?? 0))).toBe(true);
    picture(1_250);
    await house.clock.advance(40);
    picture(1_290);
    const live = times().slice(-2);
    expect((live[1] ?? 0) - (live[0] ?? 0)).toBeCloseTo(40, 5);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "keeps it where a reader joins amid B-frames, from the stored pictures into the live ones (%i of a group)",
    async (into) => {
      const shown = [0, 160, 80, 40, 120, 320, 240, 200, 280, 480, 400, 360, 440, 640, 560, 520, 600];
      const film = async (from: number, until: number): Promise<void> => {
        for (const [index, ms] of shown.slice(from, until).entries()) {
          picture(ms, from + index === 0);
          await house.clock.advance(40);
        }
      };
      await film(0, 1 + into);
      using _view = begin();
      await film(1 + into, shown.length);
      await house.clock.advance(250);
      const inOrder = times()
        .map((at, index) => ({ at, ms: shown[index] ?? 0 }))
        .toSorted((one, two) => one.ms - two.ms)
        .map(({ at }) => at);
      expect(inOrder).toHaveLength(shown.length);
      expect(inOrder.every((at, index) => index === 0 || at > (inOrder[index - 1] ?? 0))).toBe(true);
      // The last of them are the camera's own.
      expect(inOrder.slice(-3).map((at) => Math.round(at - (inOrder.at(-1) ?? 0)))).toEqual([-80, -40, 0]);
    },
  );

  it("never steps back where the camera's clock does, if it has no B-frames", async () => {
    using _view = begin();
    for (const [index, ms] of [0, 40, 80, 120, 20, 60, 100, 140, 180, 220].entries()) {
      picture(ms, index === 0, parameterSets);
      await house.clock.advance(40);
    }
    const all = times();
    expect(all.every((at, index) => index === 0 || at > (all[index - 1] ?? 0))).toBe(true);
    // It takes the camera's own time up again once that has caught up.
    expect(all.slice(-2)).toEqual([180, 220]);
  });

  it("goes on behind what it had sent when a reader paused, in pictures and in sound", async () => {
    const [pictures, sound] = [outlet(video, 90_000), outlet(audio, 8_000)];
    const tracks = [
      { track: videoTrack, outlet: pictures },
      { track: pcmu, outlet: sound },
    ];
    const play = (): ReaderView =>
      ReaderView.begin({ stream: house.stream, tracks, clock: house.clock, onGone: (why) => gone.push(why) });
    const hear = (): void =>
      house.camera.send(makeSound({ timestamp: 800, arrivedAt: house.clock.monotonic(), data: Buffer.alloc(160) }));
    const first = play();
    picture(0, true);
    picture(40);
    hear();
    first[Symbol.dispose]();
    const told = pictures.startAt(house.stream.positionAt(house.clock.monotonic()));
    const sent = [video.packets.length, audio.packets.length] as const;
    using _second = play();
    await house.clock.advance(100);
    hear();
    for (const [index, { packets }] of [video, audio].entries()) {
      const before = packets[(sent[index] ?? 0) - 1]?.timestamp ?? 0;
      const later = packets.slice(sent[index]).map(({ timestamp }) => (timestamp - before) | 0);
      expect(later.length).toBeGreaterThan(0);
      expect(Math.min(...later)).toBeGreaterThan(0);
    }
    const next = video.packets[sent[0]];
    expect(next?.sequence).toBe(told.sequence);
    expect(((next?.timestamp ?? 0) - told.timestamp) | 0).toBeGreaterThanOrEqual(0);
  });

  it("holds sound back until the stored pictures are out", async () => {
    picture(0, true);
    house.camera.send(makeSound({ timestamp: 0, arrivedAt: house.clock.monotonic(), data: Buffer.alloc(160) }));
    using _view = begin();
    await house.clock.advance(100);
    expect([video.packets.length > 0, audio.packets.length]).toEqual([true, 0]);
    house.camera.send(makeSound({ timestamp: 800, arrivedAt: house.clock.monotonic(), data: Buffer.alloc(3_000) }));
    // Cut to packets, each at its own time.
    const [first] = audio.packets;
    expect(audio.packets.map(({ timestamp }) => timestamp - (first?.timestamp ?? 0))).toEqual([0, 1_400, 2_800]);
  });

  it("sends sound alone to who wants no picture", async () => {
    picture(0, true);
    using _view = begin("sound");
    house.camera.send(makeSound({ timestamp: 160, arrivedAt: house.clock.monotonic() }));
    expect([video.packets.length, audio.packets.length]).toEqual([0, 1]);
  });

  it("sends nothing more while there is no room, and goes on when there is", async () => {
    using view = begin();
    picture(0, true);
    await house.clock.advance(100);
    video.room = false;
    picture(40);
    const full = video.packets.length;
    const since = house.clock.monotonic();
    await house.clock.advance(500);
    picture(80);
    expect([video.packets.length, view.roomAt]).toEqual([full, since]);
    video.room = true;
    view.goOn();
    expect(video.packets.length).toBeGreaterThan(full);
    expect(view.roomAt).toBe(house.clock.monotonic());
  });

  it("reports with the first packet, and every five seconds", async () => {
    using _view = begin();
    picture(0, true);
    await house.clock.advance(10_000);
    for (const { reports } of [video, audio]) {
      expect(reports.map((report) => parseRtcp(report)[0]?.kind)).toEqual(Array(3).fill("sender-report"));
    }
  });

  it("says so when the stream closes, and leaves the stream when it is left", async () => {
    const view = begin();
    view[Symbol.dispose]();
    expect(house.stream.status.viewers).toBe(0);
    using _other = begin();
    await house.streams.close(house.stream.camera);
    expect(gone).toHaveLength(1);
  });
});
