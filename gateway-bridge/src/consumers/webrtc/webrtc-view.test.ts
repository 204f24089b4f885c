import { describe, expect, it } from "@jest/globals";

import { camera, failure, House } from "../../media/testing/house.ts";
import { makePicture, makeSound, opusTrack, videoTrack } from "../../media/testing/units.ts";
import { buildReceiverReport, parseRtcp } from "../../protocols/rtp/rtcp.ts";
import type { FakeTrack } from "./testing/fake-engine.ts";
import { frameMs, WebRtcHouse } from "./testing/webrtc-house.ts";

/** What each picture was filled with, in the order they were sent, once for each. */
const shown = ({ packets }: FakeTrack): readonly number[] =>
  packets.filter(({ marker }) => marker).map(({ body }) => body.at(-1) ?? -1);
const stamps = ({ packets }: FakeTrack): readonly number[] =>
  packets.filter(({ marker }) => marker).map(({ timestamp }) => timestamp);
const step = (to: number | undefined, from: number | undefined): number => ((to ?? 0) - (from ?? 0)) | 0;

const feedback = (type: number, format: number, ssrc: number, content = Buffer.alloc(0)): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(0x80 | format, 0);
  bytes.writeUInt8(type, 1);
  bytes.writeUInt16BE(2 + content.length / 4, 2);
  bytes.writeUInt32BE(ssrc, 8);
  return Buffer.concat([bytes, content]);
};
const pli = feedback(206, 1, 1_111);
const fir = feedback(206, 4, 0, Buffer.from("0000045700000000", "hex"));
const nack = (sequence: number): Buffer => {
  const content = Buffer.alloc(4);
  content.writeUInt16BE(sequence, 0);
  return feedback(205, 1, 1_111, content);
};
const report = (fractionLost: number, ssrc = 1_111): Buffer =>
  buildReceiverReport({
    ssrc: 9,
    cname: "viewer",
    reports: [
      { ssrc, fractionLost, cumulativeLost: 0, highestSequence: 0, jitter: 0, lastSenderReport: 0, delaySinceLastSenderReport: 0 },
    ],
  }); // prettier-ignore

/** Films so many seconds, with a report after each. */
const seconds = async (house: WebRtcHouse, count: number, loss: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    await house.film(25);
    house.engine.peer.hear(report(loss));
  }
};

const comeBackWithH265 = async ({ house }: WebRtcHouse): Promise<void> => {
  house.camera.tracks = [{ ...videoTrack, codec: "h265", parameterSets: undefined }];
  house.camera.break(failure("camera-unreachable"));
  await house.clock.advance(2_000);
  const sets = ["40010c01ffff016000", "42010101600000", "4401c172b46240"].map((hex) => Buffer.from(hex, "hex"));
  const key = Buffer.concat([Buffer.from([0x26, 0x01, 0x80]), Buffer.alloc(50, 1)]);
  const arrivedAt = house.clock.monotonic();
  house.camera.send({ kind: "video", timestamp: 5, key: true, nals: [...sets, key], bytes: 80, arrivedAt });
  await house.settle();
};

describe("A WebRTC viewer's picture", () => {
  it("is the stored GOP in a paced burst, then live, each picture once and in order", async () => {
    await using house = await WebRtcHouse.open(50);
    await house.watch();
    const { video } = house.engine.peer;
    expect(shown(video).length).toBeLessThan(50);
    await house.house.clock.advance(250);
    expect(shown(video)).toEqual([...Array(50).keys()]);
    await house.film(25);
    expect(shown(video)).toEqual([...Array(50).keys(), ...Array(25).keys()]);
  });

  it("is live when the burst is over: the GOP's two seconds take a fifth of one, and time never steps back", async () => {
    await using house = await WebRtcHouse.open(50);
    await house.watch();
    const { video } = house.engine.peer;
    await house.house.clock.advance(250);
    await house.film(25);
    const at = stamps(video);
    expect(step(at[49], at[0])).toBeLessThanOrEqual(90 * 200);
    expect(at.every((stamp, index) => index === 0 || step(stamp, at[index - 1]) > 0)).toBe(true);
    for (let index = 52; index < 75; index += 1) expect(step(at[index], at[index - 1])).toBe(90 * frameMs);
  });

  it("comes in packets that fit every network", async () => {
    await using house = await WebRtcHouse.open(50);
    await house.watch();
    await house.house.clock.advance(250);
    const sizes = house.engine.peer.video.packets.map(({ prefix, body }) => prefix.length + body.length);
    expect(Math.max(...sizes)).toBe(1_200);
  });

  it.each([
    ["PLI", pli],
    ["FIR", fir],
  ])("is the stored GOP again after a %s, in later packets, and not again and again", async (_, request) => {
    await using house = await WebRtcHouse.open(20);
    await house.watch();
    const { peer } = house.engine;
    await house.film(30, { key: false });
    const before = shown(peer.video).length;
    peer.hear(request);
    peer.hear(request);
    await house.house.clock.advance(300);
    // Twenty and thirty pictures from the newest key picture on.
    expect(shown(peer.video).length).toBe(before + 50);
    const [at, numbers] = [stamps(peer.video), peer.video.packets.map(({ sequence }) => sequence)];
    expect(at.every((stamp, index) => index === 0 || step(stamp, at[index - 1]) > 0)).toBe(true);
    expect(numbers.every((number, index) => index === 0 || number === (((numbers[index - 1] ?? 0) + 1) & 0xffff))).toBe(
      true,
    );
    peer.hear(request);
    expect(shown(peer.video).length).toBe(before + 50);
    await house.house.clock.advance(4_000);
    peer.hear(request);
    expect(shown(peer.video).length).toBe(before + 50);
    await house.house.clock.advance(1_000);
    peer.hear(request);
    await house.house.clock.advance(300);
    expect(shown(peer.video).length).toBe(before + 100);
    expect(house.house.camera.tries).toBe(1);
  });

  it("is nothing up to the next key picture, where that is soon and much is stored, counted once", async () => {
    await using house = await WebRtcHouse.open(50);
    await house.film(50);
    const session = await house.watch();
    await house.film(35);
    const { peer } = house.engine;
    const before = shown(peer.video).length;
    peer.hear(pli);
    await house.film(8, { key: false });
    peer.hear(pli);
    await house.film(7, { key: false });
    expect(shown(peer.video)).toHaveLength(before);
    await house.film(6);
    // Sent before the key picture was shown.
    peer.hear(pli);
    await house.film(19, { key: false });
    expect(shown(peer.video).slice(before)).toEqual([...Array(6).keys(), ...Array(19).keys()]);
    house.sessions.end(session);
    expect(house.endings).toEqual([expect.objectContaining({ waits: 1, replays: 0, dropped: 15 })]);
  });

  it("is what little is stored at once, once for each key picture", async () => {
    await using house = await WebRtcHouse.open(50);
    await house.film(50);
    const session = await house.watch();
    await house.film(50);
    await house.film(20);
    const { peer } = house.engine;
    const before = shown(peer.video).length;
    peer.hear(pli);
    await house.house.clock.advance(250);
    expect(shown(peer.video).slice(before)).toEqual([...Array(20).keys()]);
    await house.film(20, { key: false });
    peer.hear(pli);
    await house.house.clock.advance(250);
    expect(shown(peer.video)).toHaveLength(before + 40);
    house.sessions.end(session);
    expect(house.endings).toEqual([expect.objectContaining({ replays: 1 })]);
  });

  it.each([
    ["of another source", feedback(206, 1, 5)],
    ["that is damaged", pli.subarray(0, 8)],
  ])("is not repeated for a request %s", async (_, request) => {
    await using house = await WebRtcHouse.open(20);
    await house.watch();
    await house.film(30, { key: false });
    const before = shown(house.engine.peer.video).length;
    house.engine.peer.hear(request);
    await house.house.clock.advance(300);
    expect(shown(house.engine.peer.video)).toHaveLength(before);
  });

  it("has lost packets sent again, unchanged", async () => {
    await using house = await WebRtcHouse.open(5);
    await house.watch();
    await house.house.clock.advance(300);
    const { peer } = house.engine;
    const lost = peer.video.packets[3];
    const before = peer.video.packets.length;
    peer.hear(nack(lost?.sequence ?? 0));
    expect(peer.video.packets.slice(before)).toEqual([lost]);
  });

  it("is thinned to key pictures while the link loses much, counted, and whole again from a key picture on", async () => {
    await using house = await WebRtcHouse.open(25);
    const session = await house.watch();
    await house.house.clock.advance(250);
    const { video } = house.engine.peer;
    await seconds(house, 2, 100);
    const before = shown(video).length;
    await seconds(house, 3, 0);
    // The first picture of each second alone.
    expect(shown(video).slice(before)).toEqual([0, 0, 0]);
    await seconds(house, 1, 0);
    await house.film(3, { key: false });
    expect(shown(video).slice(before)).toEqual([0, 0, 0, 0]);
    await house.film(25);
    expect(shown(video).slice(before + 4)).toEqual([...Array(25).keys()]);
    house.sessions.end(session);
    expect(house.endings).toEqual([expect.objectContaining({ dropped: 4 * 24 + 3 })]);
  });

  it("goes on after a restart of the camera at its next key picture, never stepping back", async () => {
    await using house = await WebRtcHouse.open(10);
    await house.watch();
    await house.house.clock.advance(250);
    const { peer } = house.engine;
    house.house.camera.break(failure("camera-unreachable"));
    await house.house.clock.advance(2_000);
    const arrivedAt = house.house.clock.monotonic();
    house.house.camera.send(
      makePicture({ timestamp: 5, arrivedAt, fill: 200 }),
      makePicture({ timestamp: 3_605, arrivedAt: arrivedAt + 40, key: true, fill: 201 }),
    );
    expect(shown(peer.video).slice(-2)).toEqual([9, 201]);
    const at = stamps(peer.video);
    expect(step(at.at(-1), at.at(-2))).toBeGreaterThan(90 * 1_900);
    expect(house.sessions.count).toBe(1);
  });

  it("ends with a word when the camera comes back with a codec that nothing can be made of, of which it gets nothing", async () => {
    await using house = await WebRtcHouse.open(10);
    await house.watch();
    await house.house.clock.advance(250);
    const sent = house.engine.peer.video.packets.length;
    await comeBackWithH265(house);
    expect(house.sessions.count).toBe(0);
    expect(house.endings).toEqual([
      expect.objectContaining({ why: expect.stringContaining("The camera sends h265") as unknown }),
    ]);
    expect(house.engine.peer.video.packets).toHaveLength(sent);
    expect(house.house.stream.status.viewers).toBe(0);
  });

  it("goes on with what is made of the codec that the camera comes back with, asked for as it was agreed on", async () => {
    await using made = new House();
    made.stream.hold();
    await made.settle();
    const asked: unknown[] = [];
    await using house = await WebRtcHouse.open(10, {
      streams: {
        playable: async (_camera, _tier, accepts, cancel) => {
          asked.push(accepts);
          const { video } = await house.house.stream.ready(cancel);
          return video.codec === "h264" ? house.house.stream : made.stream;
        },
      },
    });
    await house.watch();
    await house.house.clock.advance(250);
    made.camera.send(...made.gop(1));
    await comeBackWithH265(house);
    for (let index = 1; index < 4; index += 1) made.camera.send(makePicture({ timestamp: index * 3_600, fill: 77 }));
    await house.house.clock.advance(200);
    const { video } = house.engine.peer;
    expect(shown(video)).toEqual([...Array(10).keys(), 0, 77, 77, 77]);
    const at = stamps(video);
    expect(at.every((stamp, index) => index === 0 || step(stamp, at[index - 1]) > 0)).toBe(true);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual({ video: ["h264"], audio: [] });
    expect([house.house.stream.status.viewers, made.stream.status.viewers]).toEqual([0, 1]);
  });

  it("ends when the camera is removed", async () => {
    await using house = await WebRtcHouse.open(10);
    await house.watch();
    await house.house.streams.close(camera);
    expect([house.sessions.count, house.engine.peer.closed]).toEqual([0, true]);
  });

  it("ends when the viewer has not answered for 10 s, or not any longer for 30 s", async () => {
    await using house = await WebRtcHouse.open(10);
    await house.watch();
    await house.house.clock.advance(9_000);
    house.engine.peer.hear(report(0));
    await house.house.clock.advance(29_000);
    expect(house.sessions.count).toBe(1);
    await house.house.clock.advance(1_000);
    expect(house.sessions.count).toBe(0);
    await house.watch();
    await house.house.clock.advance(10_000);
    expect(house.sessions.count).toBe(0);
  });
});

describe("A WebRTC viewer's sound", () => {
  const speak = async (house: WebRtcHouse, count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const arrivedAt = house.house.clock.monotonic();
      const data = Buffer.from([0x48, index, index]);
      house.house.camera.send(makeSound({ timestamp: (house.now * 48) / 90, arrivedAt, data }));
      await house.house.clock.advance(20);
    }
  };
  const withSound = async (): Promise<WebRtcHouse> => {
    const house = new WebRtcHouse();
    house.house.camera.tracks = [videoTrack, opusTrack];
    await house.warm();
    await house.film(10);
    return house;
  };

  it("is the camera's own, live, on the codec's clock, and reported in step with the picture", async () => {
    await using house = await withSound();
    await speak(house, 5);
    await house.watch();
    await house.house.clock.advance(250);
    await speak(house, 6);
    const { audio, video } = house.engine.peer;
    expect(audio.packets.map(({ body }) => body[1])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      audio.packets.slice(1).map(({ timestamp }, index) => step(timestamp, audio.packets[index]?.timestamp)),
    ).toEqual(Array(5).fill(960));
    const names = [audio, video].map(({ reports }) =>
      reports
        .flatMap(parseRtcp)
        .flatMap((packet) => ("chunks" in packet ? packet.chunks.map(({ cname }) => cname) : [])),
    );
    expect(new Set(names.flat()).size).toBe(1);
  });

  it("is left out when it was not offered", async () => {
    await using house = await withSound();
    await house.watch({ sdp: (await import("./testing/offers.ts")).makeOffer({ audioDirection: "sendonly" }) });
    await house.house.clock.advance(250);
    await speak(house, 5);
    expect(house.engine.peer.track("audio")).toBeUndefined();
  });
});
