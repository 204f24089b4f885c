import { describe, expect, it } from "@jest/globals";

import { failure, House } from "../../media/testing/house.ts";
import { makePicture, makePictures, makeSound, opusTrack, videoTrack } from "../../media/testing/units.ts";
import { findBox, readBoxes } from "../../protocols/fmp4/testing/read-boxes.ts";
import { Fmp4View } from "./fmp4-view.ts";
import { FakeLiveSocket } from "./testing/fake-live-socket.ts";

interface Watching {
  readonly socket: FakeLiveSocket;
  readonly view: Fmp4View;
  readonly gone: string[];
}

/** A viewer of a house's camera; what it was sent is there once the house has settled. */
const watch = async (house: House, socket = new FakeLiveSocket()): Promise<Watching> => {
  const gone: string[] = [];
  const { stream, clock, log } = house;
  const view = Fmp4View.open({ stream, socket, clock, log, onGone: (why) => gone.push(why) });
  await house.settle();
  return { socket, view, gone };
};

/** A house whose camera has sent a GOP. */
const filmed = async (count = 5, size = 100): Promise<House> => {
  const house = new House();
  house.stream.hold();
  await house.settle();
  house.camera.send(...makePictures({ count, size, arrivedAt: house.clock.monotonic() }));
  return house;
};

const isFragment = (bytes: Buffer): boolean => bytes.toString("latin1", 4, 8) === "moof";
const trackOf = (bytes: Buffer): number => findBox(bytes, "moof", "traf", "tfhd").content.readUInt32BE(4);
const timeOf = (bytes: Buffer): number => Number(findBox(bytes, "moof", "traf", "tfdt").content.readBigUInt64BE(4));
const dataOf = (bytes: Buffer): Buffer => findBox(bytes, "mdat").content;
const pictures = ({ binary }: FakeLiveSocket): readonly Buffer[] =>
  binary.filter((bytes) => isFragment(bytes) && trackOf(bytes) === 1);
const sounds = ({ binary }: FakeLiveSocket): readonly Buffer[] =>
  binary.filter((bytes) => isFragment(bytes) && trackOf(bytes) === 2);
const times = (fragments: readonly Buffer[]): number[] => fragments.map(timeOf);

describe("A live view over a WebSocket", () => {
  it("begins with what is to be played, an init segment, the stored GOP, and where live is", async () => {
    await using house = await filmed();
    const { socket } = await watch(house);
    const [start, init, ...rest] = socket.sent;
    expect(JSON.parse(String(start))).toEqual({
      kind: "start",
      mime: 'video/mp4; codecs="avc1.42c01f"',
      width: 1280,
      height: 720,
    });
    expect(readBoxes(init as Buffer).map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    expect(rest).toHaveLength(6);
    expect(times(pictures(socket))).toEqual([0, 3_600, 7_200, 10_800, 14_400]);
    expect(JSON.parse(String(rest.at(-1)))).toEqual({ kind: "live", position: 0 });
  });

  it("holds a picture's slices alone: what the sample entry tells, delimiters and filler are left out", async () => {
    await using house = new House();
    const { socket } = await watch(house);
    const filler = Buffer.from([12, 0xff, 0x80]);
    const delimiter = Buffer.from([9, 0xf0]);
    house.camera.send(makePicture({ key: true, size: 20, before: [delimiter, filler] }));
    await house.settle();
    const [picture] = pictures(socket);
    expect(dataOf(picture!)).toHaveLength(24);
    expect(dataOf(picture!).readUInt32BE(0)).toBe(20);
  });

  it("sends every picture as it comes, the same bytes to all who watch", async () => {
    await using house = await filmed();
    const viewers = [await watch(house), await watch(house), await watch(house)];
    house.camera.send(makePicture({ timestamp: 18_000, arrivedAt: house.clock.monotonic() + 200 }));
    const newest = viewers.map(({ socket }) => socket.sent.at(-1));
    expect(timeOf(newest[0] as Buffer)).toBe(18_000);
    expect(newest[1]).toBe(newest[0]);
    expect(newest[2]).toBe(newest[0]);
  });

  it("waits for the camera's first key picture", async () => {
    await using house = new House();
    const { socket } = await watch(house);
    house.camera.send(makePicture());
    await house.settle();
    expect(socket.sent).toEqual([]);
    house.camera.send(...house.gop(2, 3_600));
    await house.settle();
    expect(socket.messages.map(({ kind }) => kind)).toEqual(["start", "live"]);
  });

  it("announces the sound that a browser takes, and places it beside the picture", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, opusTrack];
    const { socket } = await watch(house);
    const at = house.clock.monotonic();
    house.camera.send(makePicture({ key: true, arrivedAt: at }));
    await house.settle();
    for (let index = 0; index < 4; index += 1) {
      house.camera.send(
        makeSound({ timestamp: index * 960, arrivedAt: at + 20 * index, data: Buffer.from("f8fffe", "hex") }),
      );
    }
    expect(socket.messages[0]).toMatchObject({ mime: 'video/mp4; codecs="avc1.42c01f,opus"' });
    expect(times(sounds(socket))).toEqual([0, 960, 1_920, 2_880]);
    expect(dataOf(sounds(socket)[0]!)).toEqual(Buffer.from("f8fffe", "hex"));
  });

  it("leaves out sound that no browser takes in a file", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 }];
    const { socket } = await watch(house);
    house.camera.send(makePicture({ key: true }), makeSound());
    await house.settle();
    expect(socket.messages[0]).toMatchObject({ mime: 'video/mp4; codecs="avc1.42c01f"' });
    expect(sounds(socket)).toEqual([]);
  });

  it("keeps the picture going with silence while the camera sends no sound", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, opusTrack];
    const { socket } = await watch(house);
    house.camera.send(...makePictures({ count: 75, arrivedAt: house.clock.monotonic() }));
    await house.settle();
    const written = sounds(socket).reduce((sum, bytes) => sum + dataOf(bytes).length / 3, 0);
    // The last picture is shown at 2.96 s; sound may be a tenth of a second behind it.
    expect(written * 20).toBeGreaterThanOrEqual(2_960 - 120);
    expect(written * 20).toBeLessThanOrEqual(2_960);
  });

  it("goes on with a start message and another init segment where the resolution changes", async () => {
    await using house = await filmed();
    const { socket } = await watch(house);
    const sps = Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex");
    const key = (timestamp: number) =>
      makePicture({ key: true, timestamp, before: [sps], arrivedAt: house.clock.monotonic() });
    const before = socket.sent.length;
    house.camera.send(key(18_000));
    // The same form again says nothing new.
    house.camera.send(key(21_600));
    const [start, init, ...fragments] = socket.sent.slice(before);
    expect(JSON.parse(String(start))).toMatchObject({
      kind: "start",
      mime: 'video/mp4; codecs="avc1.640028"',
      width: 1920,
      height: 1080,
    });
    expect(readBoxes(init as Buffer).map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    expect(fragments.map((bytes) => timeOf(bytes as Buffer))).toEqual([18_000, 21_600]);
  });
});

describe("A live view whose camera comes back with H.265", () => {
  const hevcTrack = { ...videoTrack, codec: "h265", parameterSets: undefined } as const;
  const hevcNals = ["40010c01", "42010101", "4401c172", "2601af00"].map((hex) => Buffer.from(hex, "hex"));
  const comeBack = async (house: House): Promise<void> => {
    house.camera.tracks = [hevcTrack];
    house.camera.break(failure("camera-unreachable"));
    await house.clock.advance(5_000);
    house.camera.send({ ...makePicture({ key: true, arrivedAt: house.clock.monotonic() }), nals: hevcNals });
    await house.settle();
  };

  it("goes on with what is made of it, announced anew", async () => {
    await using house = await filmed();
    await using made = await filmed(3);
    const { stream, clock, log } = house;
    const socket = new FakeLiveSocket();
    using view = Fmp4View.open({ stream, again: async () => made.stream, socket, clock, log });
    await house.settle();
    await comeBack(house);
    expect(socket.messages.map(({ kind }) => kind)).toEqual(["start", "live"]);
    expect(pictures(socket)).toHaveLength(8);
    made.camera.send(makePicture({ timestamp: 10_800, arrivedAt: clock.monotonic() }));
    expect(pictures(socket)).toHaveLength(9);
    expect([view.dropped, stream.status.viewers, made.stream.status.viewers]).toEqual([0, 0, 1]);
  });

  it("is told why where nothing can be made of it, and gets none of it", async () => {
    await using house = await filmed();
    const { stream, clock, log } = house;
    const socket = new FakeLiveSocket();
    const again = (): Promise<never> => Promise.reject(failure("transcoder-missing", "no ffmpeg"));
    using _view = Fmp4View.open({ stream, again, socket, clock, log });
    await house.settle();
    const { length } = socket.binary;
    await comeBack(house);
    expect(socket.messages.at(-1)).toMatchObject({ kind: "end", error: { code: "transcoder-missing" } });
    expect([socket.closed?.code, socket.binary.length, stream.status.viewers]).toEqual([1011, length, 0]);
  });
});

describe("A live view whose viewer is slow", () => {
  it("stops at a bound of bytes, and goes on when the socket drains", async () => {
    await using house = await filmed(50, 20_000);
    const { socket } = await watch(house, new FakeLiveSocket(false));
    expect(socket.bufferedAmount).toBeGreaterThan(256 * 1024);
    expect(socket.bufferedAmount).toBeLessThan(256 * 1024 + 21_000);
    const first = pictures(socket).length;
    expect(first).toBeLessThan(15);
    socket.drain(4);
    expect(pictures(socket)).toHaveLength(first);
    socket.drain(7);
    expect(pictures(socket).length).toBeGreaterThan(first);
    socket.reads = true;
    socket.drain();
    expect(times(pictures(socket))).toEqual(Array.from({ length: 50 }, (_, index) => index * 3_600));
    expect(socket.messages.at(-1)).toMatchObject({ kind: "live" });
  });

  it("drops to the next key picture, keeps no more than its bounds, and slows nobody", async () => {
    await using house = await filmed();
    const slow = await watch(house, new FakeLiveSocket(false));
    const quick = await watch(house);
    for (let gop = 0; gop < 20; gop += 1) {
      house.camera.send(
        ...makePictures({ count: 25, size: 20_000, timestamp: 90_000 * (gop + 1), arrivedAt: house.clock.monotonic() }),
      );
    }
    expect(pictures(quick.socket)).toHaveLength(505);
    expect(slow.socket.bufferedAmount).toBeLessThan(256 * 1024 + 21_000);
    const sentBefore = pictures(slow.socket).length;
    expect(slow.view.dropped).toBeGreaterThan(250);
    slow.socket.reads = true;
    slow.socket.drain();
    house.camera.send(makePicture({ key: true, timestamp: 90_000 * 21, arrivedAt: house.clock.monotonic() }));
    const after = pictures(slow.socket).slice(sentBefore);
    // What follows begins with a key picture: its sample is a sync sample.
    expect(findBox(after[0]!, "moof", "traf", "trun").content.readUInt32BE(20)).toBe(0x02000000);
    expect(house.stream.status.dropped).toBe(slow.view.dropped);
  });

  it("is let go when it takes nothing for half a minute", async () => {
    await using house = await filmed(50, 20_000);
    const { socket, gone } = await watch(house, new FakeLiveSocket(false));
    await house.clock.advance(29_000);
    expect(gone).toEqual([]);
    await house.clock.advance(2_000);
    expect(socket.terminated).toBe(true);
    expect(gone).toEqual(["it took nothing for 30 s"]);
    expect(house.stream.status.viewers).toBe(0);
  });
});

describe("The end of a live view", () => {
  it("is told with its reason where the camera fails before there was a picture", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-credentials", "the camera refused the password");
    const { socket, gone } = await watch(house);
    expect(socket.messages).toEqual([
      { kind: "end", error: expect.objectContaining({ code: "camera-credentials" }) as unknown },
    ]);
    expect(socket.closed).toEqual({ code: 1011, reason: "camera-credentials" });
    expect(gone).toEqual(["the camera refused the password"]);
  });

  it("is told when the stream closes for good", async () => {
    const house = await filmed();
    const { socket } = await watch(house);
    await house[Symbol.asyncDispose]();
    expect(socket.messages.at(-1)).toMatchObject({ kind: "end", error: { code: "stream-ended" } });
    expect(socket.closed?.reason).toBe("stream-ended");
  });

  it("comes when the viewer leaves, even while the camera is waited for, and leaves nothing behind", async () => {
    await using house = new House();
    const { socket, gone } = await watch(house);
    socket.emit("close");
    socket.emit("close");
    await house.settle();
    expect(gone).toEqual(["the viewer left"]);
    expect(house.stream.status.viewers).toBe(0);
    await house.clock.advance(20_000);
    expect(house.camera.open).toBe(0);
    expect(house.clock.pending).toBe(0);
  });

  it("comes to a viewer that sends something", async () => {
    await using house = await filmed();
    const { socket } = await watch(house);
    socket.emit("message");
    expect(socket.closed?.code).toBe(1008);
    const { length } = socket.sent;
    house.camera.send(makePicture({ timestamp: 18_000 }));
    expect(socket.sent).toHaveLength(length);
  });

  it("says so where parameter sets cannot be read", async () => {
    await using house = new House();
    const { socket } = await watch(house);
    house.camera.send(makePicture({ key: true, before: [Buffer.from("6742", "hex")] }));
    await house.settle();
    expect(socket.messages).toEqual([
      { kind: "end", error: expect.objectContaining({ code: "codec-unsupported" }) as unknown },
    ]);
  });

  it("is nobody else's", async () => {
    await using house = await filmed();
    const [one, other] = [await watch(house), await watch(house)];
    one.socket.emit("error", new Error("reset"));
    house.camera.send(makePicture({ timestamp: 18_000, arrivedAt: house.clock.monotonic() }));
    expect(one.gone).toEqual(["reset"]);
    expect(times(pictures(other.socket))).toContain(18_000);
  });
});
