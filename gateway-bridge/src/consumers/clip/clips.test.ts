import { describe, expect, it } from "@jest/globals";

import { PrincipalId } from "@gatehouse/shared";

import { failure, House, never } from "../../media/testing/house.ts";
import { makePictures } from "../../media/testing/units.ts";
import { Clips } from "./clips.ts";
import type { Clip } from "./record-clip.ts";
import { noConverter } from "./testing/fake-converter.ts";

const filmed = async (): Promise<House> => {
  const house = new House({ prerollMs: 5_000 });
  house.stream.hold();
  await house.settle();
  house.camera.send(...makePictures({ count: 25, arrivedAt: house.clock.monotonic() }));
  await house.clock.advance(1_000);
  return house;
};

const [anna, ben, carl] = ["a", "b", "c"].map((letter) => PrincipalId.parse(`who-${letter.repeat(16)}`)) as [
  PrincipalId,
  PrincipalId,
  PrincipalId,
];

const clipsOf = ({ clock, log }: House): Clips => new Clips({ openConverter: noConverter, clock, log });

const record = (clips: Clips, house: House, signal = never, principal = anna): Promise<Clip> => {
  return clips.record({ principal, stream: house.stream, beforeMs: 1_000, afterMs: 1_000 }, { signal });
};

describe("Clips", () => {
  it("counts a clip for as long as it is read", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    const clip = await record(clips, house);
    expect(clips.count).toBe(1);
    await house.clock.advance(1_000);
    for await (const chunk of clip.chunks) expect(clips.count * chunk.length).toBeGreaterThan(0);
    expect(clips.count).toBe(0);
  });

  it("counts it no longer when its reader leaves, before or while it reads, or when there is none", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    const leaving = new AbortController();
    await record(clips, house, leaving.signal);
    leaving.abort(failure("aborted"));
    expect(clips.count).toBe(0);
    for await (const chunk of (await record(clips, house)).chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(clips.count).toBe(0);
    await using lost = new House();
    lost.camera.refusal = failure("camera-unreachable");
    await expect(record(clips, lost)).rejects.toMatchObject({ code: "camera-unreachable" });
    expect(clips.count).toBe(0);
  });

  it("cuts a clip short where the right to it ends, also what waits to be read, and no other", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    const owner = { place: "home", assurance: "one" } as const;
    const order = { stream: house.stream, beforeMs: 1_000, afterMs: 60_000 };
    const cut = await clips.record({ principal: anna, ...owner, ...order }, { signal: never });
    const kept = await clips.record({ principal: ben, ...owner, ...order }, { signal: never });
    expect(clips.holds()).toMatchObject([
      { principal: anna, camera: house.stream.camera, ...owner, action: "clip" },
      { principal: ben, camera: house.stream.camera, ...owner, action: "clip" },
    ]);
    clips.endAll({ principal: anna, camera: house.stream.camera, ...owner }, "the right to it has ended");
    expect([cut.ended.aborted, kept.ended.aborted, clips.count]).toEqual([true, false, 2]);
    const read = async (): Promise<void> => {
      for await (const chunk of cut.chunks) throw new Error(`${chunk.length} bytes came`);
    };
    await expect(read()).rejects.toMatchObject({ code: "stream-ended" });
    expect(clips.holds()).toMatchObject([{ principal: ben }]);
    for await (const chunk of kept.chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  it("refuses more than eight at once", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    for (let index = 0; index < 8; index += 1) await record(clips, house, never, index < 4 ? anna : ben);
    await expect(record(clips, house, never, carl)).rejects.toMatchObject({ code: "too-many-sessions" });
    expect(house.stream.status.viewers).toBe(8);
  });

  it("leaves half of them to others, however many one client wants", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    for (let index = 0; index < 4; index += 1) await record(clips, house);
    await expect(record(clips, house)).rejects.toMatchObject({ code: "too-many-sessions" });
    await expect(record(clips, house, never, ben)).resolves.toBeDefined();
  });

  it("leaves two of them to other addresses, however many clients one has", async () => {
    await using house = await filmed();
    const clips = clipsOf(house);
    const from = (block: string, principal = anna) =>
      clips.record({ principal, block, stream: house.stream, beforeMs: 1_000, afterMs: 1_000 }, { signal: never });
    for (let index = 0; index < 6; index += 1) await from("192.0.2.7", index < 3 ? anna : ben);
    await expect(from("192.0.2.7", carl)).rejects.toMatchObject({
      code: "too-many-sessions",
      message: "this address has 6 clips already, and no more are allowed",
    });
    await expect(from("192.0.2.8", carl)).resolves.toBeDefined();
  });
});
