import { describe, expect, it } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";
import { networkInterfaces } from "node:os";

import { HomeKitSessions } from "../../gateway-bridge/src/consumers/homekit/homekit-sessions.ts";
import type { Stream } from "../../gateway-bridge/src/media/stream.ts";
import { camera, failure, House } from "../../gateway-bridge/src/media/testing/house.ts";
import { makePicture, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "../support/eventually.ts";
import { never, owner, units } from "../support/homekit-door.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";

/** A HomeKit viewer of a house's camera, for whom another form of it is made by `convert` once the camera sends H.265. */
const watch = async (house: House, resources: AsyncDisposableStack, convert: () => Promise<Stream>) => {
  const sessions = resources.use(
    new HomeKitSessions({
      stream: () => house.stream,
      playable: async (stream) => ((await stream.ready({ signal: never })).video.codec === "h264" ? stream : convert()),
      clock: house.clock,
      log: house.log,
      interfaces: networkInterfaces,
    }),
  );
  const receiver = resources.use(await HomeKitReceiver.open());
  house.stream.hold();
  await house.settle();
  house.camera.send(makePicture({ key: true, timestamp: 0, fill: 1 }));
  const prepared = await sessions.prepare({ principal: owner, camera, body: receiver.request }, { signal: never });
  receiver.listen(prepared);
  await sessions.start(prepared.id, makeStart());
  await units(receiver, 1);
  return { sessions, receiver };
};

/** The camera is gone for a while, and back with H.265. */
const comeBackWithH265 = async (house: House): Promise<void> => {
  house.camera.tracks = [{ ...videoTrack, codec: "h265", parameterSets: undefined }];
  house.camera.break(failure("camera-unreachable"));
  await house.clock.advance(5_000);
  const nals = ["40010c01", "42010101", "4401c172", "2601af00"].map((hex) => Buffer.from(hex.padEnd(60, "0"), "hex"));
  for (let index = 0; index < 5; index += 1) {
    const key = { ...makePicture({ key: true, timestamp: index * 3_600, arrivedAt: house.clock.monotonic() }), nals };
    house.camera.send(key);
  }
  await house.settle();
};

const endings = (house: House): readonly unknown[] =>
  house.log.lines.filter(({ message }) => message === "HomeKit session ends").map(({ fields }) => fields["why"]);
/** First bytes of the slices: 0x65 and 0x41 are those of H.264 pictures here. */
const slices = (receiver: HomeKitReceiver): (number | undefined)[] =>
  receiver.video.units.map(({ nals }) => nals.at(-1)?.[0]);

describe("A HomeKit viewer whose camera comes back with H.265", () => {
  it("goes on with H.264 that is made of it, under the same numbers and in rising time", async () => {
    await using resources = new AsyncDisposableStack();
    const [house, made] = [resources.use(new House()), resources.use(new House())];
    made.stream.hold();
    await made.settle();
    const { sessions, receiver } = await watch(house, resources, async () => made.stream);
    await comeBackWithH265(house);
    made.camera.send(...made.gop(4));
    await eventually("who watches what was made", () => made.stream.status.viewers === 1);
    await house.clock.advance(200);
    for (let index = 4; index < 8; index += 1) made.camera.send(makePicture({ timestamp: index * 3_600 }));
    await units(receiver, 9);
    expect(slices(receiver)).toEqual([0x65, 0x65, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41]);
    const { steppedBack, lost, rejected, ssrcs } = receiver.video;
    expect({ steppedBack, lost, rejected, sources: ssrcs.size }).toEqual({
      steppedBack: 0,
      lost: 0,
      rejected: 0,
      sources: 1,
    });
    expect([house.stream.status.viewers, sessions.active.length, endings(house)]).toEqual([0, 1, []]);
  });

  it("is ended with the reason where nothing can be made of it, and was sent none of it", async () => {
    await using resources = new AsyncDisposableStack();
    const house = resources.use(new House());
    const refusal = new GatehouseError("transcoder-missing", "No ffmpeg was found.");
    const { sessions, receiver } = await watch(house, resources, () => Promise.reject(refusal));
    const { packets } = receiver.video;
    await comeBackWithH265(house);
    await eventually("the end", () => sessions.active.length === 0);
    expect(endings(house)).toEqual(["No ffmpeg was found."]);
    expect(receiver.video.packets).toBe(packets);
    expect(house.stream.status.viewers).toBe(0);
  });
});
