import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import type { AccessUnit, LentMemory } from "../domain/access-unit.ts";
import { H264Depacketizer } from "../protocols/h264/depacketizer.ts";
import { packetizeH264 } from "../protocols/h264/packetizer.ts";
import { RtpPacket } from "../protocols/rtp/rtp-packet.ts";
import type { Session } from "./session.ts";
import { House } from "./testing/house.ts";
import { RecordingViewer } from "./testing/recording-viewer.ts";
import { makePicture } from "./testing/units.ts";

const ticks = 3_600;

/** A camera whose pictures go by RTP, so that they lie in memory which is used again. */
class RtpCamera {
  readonly #depacketizer = new H264Depacketizer({ reorder: 0 });
  readonly #house: House;
  #sequence = 0;
  #pictures = 0;
  /** All memory that its pictures ever lay in. */
  readonly memories = new Set<LentMemory>();

  constructor(house: House) {
    this.#house = house;
  }

  /** Each picture is full of its own number. */
  send(key: boolean, size: number): void {
    const fill = (this.#pictures & 0x7f) + 1;
    const [nal] = makePicture({ key, size, fill }).nals;
    nal!.writeUInt8(0x88, 1);
    const timestamp = this.#pictures * ticks;
    this.#pictures += 1;
    for (const { prefix, body, last } of packetizeH264([nal!], 1_200)) {
      const header = { payloadType: 96, marker: last, sequence: this.#sequence++ & 0xffff, timestamp, ssrc: 1 };
      for (const { memory, ...picture } of this.#depacketizer.push(
        RtpPacket.of(header, Buffer.concat([prefix, body])),
      )) {
        const arrivedAt = this.#house.clock.monotonic();
        this.memories.add(memory);
        this.#house.camera.lend({ kind: "video", ...picture, arrivedAt }, memory);
      }
    }
  }
}

/** The last NAL unit is the picture's slice, whose first two bytes are the same in all. */
const isIntact = (unit: AccessUnit): boolean => {
  if (unit.kind === "audio") return true;
  const slice = unit.nals.at(-1)!;
  return slice.subarray(2).every((byte) => byte === slice[2]);
};
const numberOf = (unit: AccessUnit): number => (unit.kind === "video" ? unit.nals.at(-1)![2]! : -1);

describe("a Stream whose pictures lie in memory that is used again", () => {
  it("never changes what a viewer was given, or was shown of the past", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("picture" as const), key: fc.boolean(), size: fc.integer({ min: 3, max: 9_000 }) }),
      fc.constant({ kind: "join" as const }),
      fc.constant({ kind: "leave" as const }),
      fc.constant({ kind: "look back" as const }),
      fc.constant({ kind: "stall" as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        await using house = new House();
        using _hold = house.stream.hold();
        await house.settle();
        const camera = new RtpCamera(house);
        const viewers: RecordingViewer[] = [];
        const sessions: Session[] = [];
        const seen: AccessUnit[] = [];
        camera.send(true, 100);
        for (const each of steps) {
          if (each.kind === "picture") camera.send(each.key, each.size);
          if (each.kind === "leave") sessions.shift()?.[Symbol.dispose]();
          if (each.kind === "look back") seen.push(...house.stream.recent(0));
          if (each.kind !== "join" && each.kind !== "stall") continue;
          // One that stalls is given its replay and nothing more, while all the others go on.
          const viewer = new RecordingViewer(each.kind === "stall" ? 1 : Infinity);
          viewers.push(viewer);
          const session = house.stream.join(viewer);
          sessions.push(session);
          session.resume();
        }
        const given = [...seen, ...viewers.flatMap(({ units }) => units)];
        const before = given.map(numberOf);
        for (let more = 0; more < 30; more += 1) camera.send(more % 5 === 0, 100 * more + 3);
        expect(given.every(isIntact)).toBe(true);
        expect(given.map(numberOf)).toEqual(before);
        // And whoever is still there goes on with whole pictures.
        for (const { units } of viewers) expect(units.every(isIntact)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("uses the memory of what nobody saw again", async () => {
    await using house = new House();
    using _hold = house.stream.hold();
    await house.settle();
    const camera = new RtpCamera(house);
    const pass = (gops: number): void => {
      for (let picture = 0; picture < gops * 10; picture += 1) camera.send(picture % 10 === 0, 5_000);
    };
    pass(20);
    // Of the newest GOP, and of the one that was forgotten for it.
    expect(camera.memories.size).toBeLessThanOrEqual(21);
    const before = camera.memories.size;
    house.stream.recent(0);
    pass(20);
    expect(camera.memories.size - before).toBe(10);
  });

  it("gives a viewer that joins what has come but was not read yet", async () => {
    await using house = new House();
    using _hold = house.stream.hold();
    await house.settle();
    house.camera.send(...house.gop(3));
    expect(house.camera.awaited).toBe(false);
    const arrivedAt = house.clock.monotonic();
    house.camera.keepDue(...[3, 4].map((index) => makePicture({ timestamp: index * ticks, arrivedAt })));
    expect(house.watch().timestamps).toEqual([0, 1, 2, 3, 4].map((index) => index * ticks));
    expect(house.camera.awaited).toBe(true);
  });

  it("hastens no camera for who only looks at what is there", async () => {
    await using house = new House();
    using _hold = house.stream.hold();
    await house.settle();
    house.camera.send(...house.gop(3));
    house.camera.keepDue(makePicture({ timestamp: 3 * ticks }));
    expect(house.stream.recent(0)).toHaveLength(3);
    expect(house.stream.health.accessUnits).toBe(3);
    expect(house.camera.awaited).toBe(false);
    house.stream.join(new RecordingViewer());
    expect(house.stream.recent(0)).toHaveLength(4);
    expect(house.stream.health.accessUnits).toBe(4);
  });

  it("waits for a camera until its first key picture, and while anybody watches", async () => {
    await using house = new House();
    using _hold = house.stream.hold();
    await house.settle();
    expect(house.camera.awaited).not.toBe(false);
    house.camera.send(makePicture());
    expect(house.camera.awaited).not.toBe(false);
    house.camera.send(makePicture({ key: true, timestamp: ticks }));
    expect(house.camera.awaited).toBe(false);
    const sessions = [0, 1].map(() => house.stream.join(new RecordingViewer()));
    expect(house.camera.awaited).toBe(true);
    sessions[0]![Symbol.dispose]();
    expect(house.camera.awaited).toBe(true);
    sessions[1]![Symbol.dispose]();
    expect(house.camera.awaited).toBe(false);
  });
});
