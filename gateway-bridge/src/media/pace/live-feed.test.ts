import { describe, expect, it } from "@jest/globals";

import type { AudioUnit } from "../../domain/access-unit.ts";
import { failure, House } from "../testing/house.ts";
import { makePicture, makePictures, makeSound, opusTrack, videoTrack } from "../testing/units.ts";
import { LiveFeed, type LiveFeedOptions } from "./live-feed.ts";

/** A viewer that takes all, and what it got: the first byte that fills each picture. */
const watch = (house: House, options: Partial<LiveFeedOptions> = {}) => {
  const shown: number[] = [];
  const heard: AudioUnit[] = [];
  const gone: string[] = [];
  const feed = new LiveFeed({
    stream: house.stream,
    again: async () => house.stream,
    outlet: { send: (payloads) => shown.push(payloads.at(-1)?.body.at(-1) ?? -1) > 0 },
    maxPayload: 1_200,
    codec: "h264",
    onSound: (unit) => void heard.push(unit),
    clock: house.clock,
    onGone: (why) => void gone.push(why),
    ...options,
  });
  feed.begin();
  return { feed, shown, heard, gone };
};

const opened = async (): Promise<House> => {
  const house = new House();
  house.camera.tracks = [videoTrack, opusTrack];
  house.stream.hold();
  await house.settle();
  return house;
};

describe("A live feed", () => {
  it("is the stored GOP without its sound, then live with it, and the GOP again where it is begun anew", async () => {
    await using house = await opened();
    const arrivedAt = house.clock.monotonic();
    house.camera.send(...makePictures({ count: 3, size: 40_000, arrivedAt }), makeSound({ arrivedAt }));
    const { feed, shown, heard } = watch(house);
    expect(feed.replaying).toBe(true);
    await house.clock.advance(500);
    expect([feed.replaying, shown, heard]).toEqual([false, [0, 1, 2], []]);
    house.camera.send(makePicture({ timestamp: 45_000, fill: 7 }), makeSound({ timestamp: 24_000 }));
    expect([shown, heard.length]).toEqual([[0, 1, 2, 7], 1]);
    feed.restart();
    await house.clock.advance(500);
    expect([shown, heard.length]).toEqual([[0, 1, 2, 7, 0, 1, 2, 7], 1]);
    expect(house.stream.status.viewers).toBe(1);
  });

  it("overtakes a camera that sends more than a replay of little does", async () => {
    await using house = await opened();
    // 40 kB every 20 ms are 16 Mbit/s.
    const film = makePictures({ count: 40, size: 40_000, arrivedAt: house.clock.monotonic() });
    house.camera.send(...film.slice(0, 1));
    const { feed, shown } = watch(house);
    for (const picture of film.slice(1)) {
      house.camera.send(picture);
      await house.clock.advance(20);
    }
    expect([feed.replaying, feed.dropped, shown]).toEqual([false, 0, film.map((_, index) => index)]);
  });

  it("passes over what its viewer does not want, and waits for the outlet's room", async () => {
    await using house = await opened();
    const sent: number[] = [];
    let room = false;
    const outlet = { send: () => (sent.push(0), room) };
    const { feed } = watch(house, { outlet, wants: ({ key }) => key });
    house.camera.send(...house.gop(3), ...house.gop(3, 90_000));
    expect(sent).toHaveLength(1);
    room = true;
    feed.goOn();
    expect(sent).toHaveLength(2);
  });

  it.each([
    ["goes on with what is made of the codec that the camera comes back with", "h264", []],
    ["ends where that is another", "h265", ["the camera's picture has another codec than was agreed on"]],
  ] as const)("%s", async (_, codec, why) => {
    await using house = await opened();
    await using made = await opened();
    house.camera.send(...house.gop(1));
    const { shown, gone } = watch(house, { codec, again: async () => made.stream });
    await house.clock.advance(100);
    house.camera.tracks = [{ ...videoTrack, codec: "h265", parameterSets: undefined }];
    house.camera.break(failure("camera-unreachable"));
    await house.clock.advance(2_000);
    made.camera.send(makePicture({ key: true, fill: 9 }));
    const sets = ["40010c01ffff016000", "42010101600000", "4401c172b46240"].map((hex) => Buffer.from(hex, "hex"));
    const key = Buffer.concat([Buffer.from([0x26, 0x01, 0x80]), Buffer.alloc(50, 1)]);
    house.camera.send({ kind: "video", timestamp: 5, key: true, nals: [...sets, key], bytes: 80, arrivedAt: 0 });
    await house.settle();
    await made.settle();
    expect(gone).toEqual(why);
    expect(shown).toEqual(why.length > 0 ? [0] : [0, 9]);
    expect([house, made].map(({ stream }) => stream.status.viewers)).toEqual([0, why.length > 0 ? 0 : 1]);
  });

  it("ends with the stream, once, and asks for nothing after that", async () => {
    const house = await opened();
    house.camera.send(...house.gop(50));
    const { gone, shown } = watch(house);
    await house[Symbol.asyncDispose]();
    expect(gone).toEqual(["The gateway closed the stream."]);
    const before = shown.length;
    await house.clock.advance(5_000);
    expect(shown).toHaveLength(before);
  });
});
