import { describe, expect, it } from "@jest/globals";
import { PrincipalId } from "@gatehouse/shared";

import type { SessionOwner } from "../../domain/session-filter.ts";
import { House } from "../../media/testing/house.ts";
import { makePictures } from "../../media/testing/units.ts";
import { LiveViews } from "./live-views.ts";
import { FakeLiveSocket } from "./testing/fake-live-socket.ts";

const [anna, ben] = ["a", "b"].map((letter) => PrincipalId.parse(`who-${letter.repeat(16)}`)) as [
  PrincipalId,
  PrincipalId,
];

/** Two viewers of one camera, who have seen something. */
const watched = async (house: House, reads = true) => {
  const views = new LiveViews();
  const { stream, clock, log } = house;
  const open = (principal: PrincipalId): { socket: FakeLiveSocket; owner: SessionOwner } => {
    const socket = new FakeLiveSocket(reads);
    const owner: SessionOwner = { principal, camera: stream.camera, place: "home", assurance: "one" };
    views.open({ owner, stream, socket, clock, log });
    return { socket, owner };
  };
  const [first, second] = [open(anna), open(ben)];
  await house.settle();
  house.camera.send(...makePictures({ count: 5, arrivedAt: clock.monotonic() }));
  await house.settle();
  return { views, first, second };
};

describe("LiveViews", () => {
  it("lists those that are open, and no more once they are gone", async () => {
    await using house = new House();
    const { views, first, second } = await watched(house);
    expect([...views.holds()]).toEqual([first, second].map(({ owner }) => ({ ...owner, action: "live" })));
    expect(views.count).toBe(2);
    first.socket.emit("close");
    expect([...views.holds()]).toEqual([{ ...second.owner, action: "live" }]);
  });

  it("ends those that are meant, with a word, and not a picture more", async () => {
    await using house = new House();
    const { views, first, second } = await watched(house);
    expect(first.socket.binary.length).toBeGreaterThan(0);
    views.endAll(first.owner, "the right to it has ended");
    const sent = first.socket.sent.length;
    expect(first.socket.messages.at(-1)).toMatchObject({ kind: "end", error: { code: "access-denied" } });
    expect(first.socket.closed).toMatchObject({ reason: "access-denied" });
    const before = second.socket.sent.length;
    house.camera.send(...house.gop(5, 90_000));
    await house.settle();
    expect([first.socket.sent.length, views.count]).toEqual([sent, 1]);
    expect(second.socket.sent.length).toBeGreaterThan(before);
  });

  it("waits for nobody to take what was sent before", async () => {
    await using house = new House();
    const { views, first } = await watched(house, false);
    expect(first.socket.bufferedAmount).toBeGreaterThan(0);
    views.endAll(first.owner, "the right to it has ended");
    expect([first.socket.terminated, first.socket.closed]).toEqual([true, undefined]);
    views.endAll(first.owner, "once more");
    expect(views.count).toBe(1);
  });
});
