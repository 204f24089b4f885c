import { describe, expect, it } from "@jest/globals";
import type { Camera, CameraId, Event } from "@gatehouse/shared";

import { eventMessage, type EventFilter } from "./event-message.ts";

const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const camera = { id, name: "Front door" } as Camera;
const motion = (active: boolean): Event => ({
  kind: "motion",
  id: "11111111-1111-4111-8111-111111111111",
  camera: id,
  at: 5,
  active,
  topic: "VideoSource/MotionAlarm",
});
const removed: Event = { kind: "camera-removed", id: "11111111-1111-4111-8111-111111111112", camera: id, at: 6 };
const filter = (overrides: Partial<EventFilter> = {}): EventFilter => ({
  camera: "",
  motion: "both",
  states: true,
  findings: true,
  ...overrides,
});

describe("eventMessage", () => {
  it("names the camera in topic and payload", () => {
    expect(eventMessage(motion(true), camera, filter())).toEqual({
      topic: "Front door/motion",
      camera: id,
      payload: { ...motion(true), name: "Front door" },
    });
  });

  it("falls back to the id of a camera that it does not know", () => {
    expect(eventMessage(removed, undefined, filter())).toMatchObject({
      topic: `${id}/camera-removed`,
      payload: { name: id },
    });
  });

  // Every choice of motion against both edges.
  it.each([
    ["start", true, true],
    ["start", false, false],
    ["end", true, false],
    ["end", false, true],
    ["both", true, true],
    ["both", false, true],
    ["none", true, false],
    ["none", false, false],
  ] as const)("with motion set to %s, an active=%s passes: %s", (choice, active, expected) => {
    expect(eventMessage(motion(active), camera, filter({ motion: choice })) !== undefined).toBe(expected);
  });

  it.each([
    ["", true],
    [id, true],
    ["Front door", true],
    ["Garden", false],
  ])("with the camera set to %j passes: %s", (chosen, expected) => {
    expect(eventMessage(motion(true), camera, filter({ camera: chosen })) !== undefined).toBe(expected);
  });

  it("holds back other events unless they were asked for", () => {
    expect(eventMessage(removed, camera, filter({ states: false }))).toBeUndefined();
    expect(eventMessage(removed, camera, filter({ motion: "none" }))).toBeDefined();
    expect(eventMessage(removed, camera, filter({ findings: false }))).toBeDefined();
  });

  it("holds back weaknesses unless they were asked for", () => {
    const finding = { check: "RTSP-ANON", status: "failed", severity: "critical", title: "t" } as const;
    const event: Event = { kind: "finding", id: "11111111-1111-4111-8111-111111111113", camera: id, at: 7, ...finding };
    expect(eventMessage(event, camera, filter({ findings: false }))).toBeUndefined();
    expect(eventMessage(event, camera, filter({ states: false, motion: "none" }))).toMatchObject({
      topic: "Front door/finding",
      payload: finding,
    });
  });
});
