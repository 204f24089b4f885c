import { describe, expect, it, jest } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";

import type { AccessUnit } from "../domain/access-unit.ts";
import { Session, type Viewer } from "./session.ts";
import { RecordingViewer } from "./testing/recording-viewer.ts";
import { makePicture, makePictures } from "./testing/units.ts";

const open = (
  viewer: Viewer,
  options: { replay?: readonly AccessUnit[]; units?: number; bytes?: number; onClosed?: () => void } = {},
): Session => {
  const { replay = [], units = 10, bytes = 100_000, onClosed = () => undefined } = options;
  return new Session({ viewer, replay, limit: { units, bytes }, onClosed });
};
const key = (timestamp: number) => makePicture({ key: true, timestamp });
const delta = (timestamp: number) => makePicture({ timestamp });

describe("Session", () => {
  it("delivers nothing before the first resume, then the replay and what came meanwhile, in order", () => {
    const viewer = new RecordingViewer();
    const session = open(viewer, { replay: [key(1), delta(2)] });
    session.offer(delta(3));
    expect(viewer.units).toEqual([]);
    session.resume();
    session.offer(delta(4));
    expect(viewer.timestamps).toEqual([1, 2, 3, 4]);
    expect(session.pending).toEqual({ units: 0, bytes: 0 });
  });

  it("begins at the next key picture where there is no replay, without counting what was before", () => {
    const viewer = new RecordingViewer();
    const session = open(viewer);
    session.resume();
    [delta(1), delta(2), key(3), delta(4)].forEach((unit) => session.offer(unit));
    expect(viewer.timestamps).toEqual([3, 4]);
    expect(session.dropped).toBe(0);
  });

  it("stops when the viewer is full and goes on when it resumes", () => {
    const viewer = new RecordingViewer(2);
    const session = open(viewer, { replay: [key(1), delta(2), delta(3), delta(4)] });
    session.resume();
    expect(viewer.timestamps).toEqual([1, 2]);
    viewer.room = 1;
    session.resume();
    expect(viewer.timestamps).toEqual([1, 2, 3]);
    expect(session.pending.units).toBe(1);
  });

  it("drops to the next key picture when the viewer is slow, and counts every unit it missed", () => {
    const viewer = new RecordingViewer(1);
    const session = open(viewer, { units: 3 });
    session.resume();
    // Key 0 is taken, three wait, the fifth is too much: it and those that wait are dropped, as are 5 and 6.
    [key(0), delta(1), delta(2), delta(3), delta(4), delta(5), delta(6)].forEach((unit) => session.offer(unit));
    expect(session.pending.units).toBe(0);
    expect(session.dropped).toBe(6);
    [key(7), delta(8)].forEach((unit) => session.offer(unit));
    viewer.room = Infinity;
    session.resume();
    expect(viewer.timestamps).toEqual([0, 7, 8]);
    expect(session.dropped).toBe(6);
  });

  it("starts its queue anew with a key picture that finds it full", () => {
    const viewer = new RecordingViewer(0);
    const session = open(viewer, { bytes: 350 });
    [key(0), delta(1), delta(2), key(3)].forEach((unit) => session.offer(unit));
    expect(session.pending).toEqual({ units: 1, bytes: 100 });
    expect(session.dropped).toBe(3);
  });

  it("never holds more than its limit, the rest of the replay apart", () => {
    const viewer = new RecordingViewer(1);
    const replay = makePictures({ count: 50 });
    const session = open(viewer, { replay, units: 5 });
    session.resume();
    for (let at = 0; at < 5; at += 1) session.offer(delta(1_000_000 + at));
    expect(session.pending.units).toBe(54);
    viewer.room = 46;
    session.resume();
    expect(session.pending.units).toBe(8);
    viewer.room = 3;
    session.resume();
    // The replay is out: five live units wait, and a sixth is one too many.
    expect(session.pending.units).toBe(5);
    expect(session.dropped).toBe(0);
    session.offer(delta(2_000_000));
    expect(session.dropped).toBe(6);
    expect(session.pending.units).toBe(0);
  });

  it("goes on at the next key picture after the upstream began anew", () => {
    const viewer = new RecordingViewer();
    const session = open(viewer, { replay: [key(0)] });
    session.resume();
    session.interrupt();
    [delta(1), key(2), delta(3)].forEach((unit) => session.offer(unit));
    expect(viewer.timestamps).toEqual([0, 2, 3]);
    expect(session.dropped).toBe(0);
  });

  it("keeps counting a slow viewer's losses when the upstream begins anew meanwhile", () => {
    const session = open(new RecordingViewer(0), { units: 1, replay: [] });
    [key(0), delta(1)].forEach((unit) => session.offer(unit));
    session.interrupt();
    session.offer(delta(2));
    expect(session.dropped).toBe(3);
  });

  it("ends a viewer that throws with its error and nobody else", () => {
    const onClosed = jest.fn();
    const end = jest.fn<Viewer["end"]>();
    const session = open({ write: () => JSON.parse("{") as boolean, end }, { replay: [key(0)], onClosed });
    expect(() => session.resume()).not.toThrow();
    expect(end).toHaveBeenCalledTimes(1);
    expect(onClosed).toHaveBeenCalledTimes(1);
    expect(() => session.offer(key(1))).not.toThrow();
  });

  it("tells the viewer once why it ended and hands over nothing after", () => {
    const viewer = new RecordingViewer(1);
    const onClosed = jest.fn();
    const session = open(viewer, { replay: [key(0), delta(1)], onClosed });
    session.resume();
    session.end(new GatehouseError("stream-ended", "first"));
    session.end(new GatehouseError("stream-ended", "second"));
    session.resume();
    session.offer(key(2));
    expect(viewer.ended?.message).toBe("first");
    expect(viewer.timestamps).toEqual([0]);
    expect(onClosed).toHaveBeenCalledTimes(1);
  });

  it("lets a viewer leave from within write, and does not call its end", () => {
    const units: AccessUnit[] = [];
    const end = jest.fn<Viewer["end"]>();
    const session: Session = open(
      {
        write: (unit) => {
          units.push(unit);
          session[Symbol.dispose]();
          return true;
        },
        end,
      },
      { replay: [key(0), delta(1)] },
    );
    session.resume();
    expect(units).toHaveLength(1);
    expect(end).not.toHaveBeenCalled();
  });

  it("closes even when the viewer's end throws", () => {
    const onClosed = jest.fn();
    const session = open({ write: () => true, end: () => JSON.parse("{") as never }, { onClosed });
    expect(() => session.end(new GatehouseError("stream-ended", "over"))).not.toThrow();
    expect(onClosed).toHaveBeenCalledTimes(1);
  });
});
