import { describe, expect, it } from "@jest/globals";

import { cameraState, type CameraHealth, type Outage } from "./camera-state-policy.ts";

const outage = (code: Outage["code"]): Outage => ({ code, message: code, remedy: "do", since: 5 });
const idle = { kind: "idle" } as const;
const connecting = { kind: "connecting" } as const;
const live = (viewers: number) => ({ kind: "live", viewers }) as const;
const offline = { kind: "offline", outage: outage("camera-stalled") } as const;
const unreachable = outage("camera-unreachable");

/** Covers every kind of stream, alone and beside each other, with and without an outage of events. */
const table: readonly (readonly [string, CameraHealth, object])[] = [
  ["nothing known", { streams: [], events: undefined }, { kind: "ready" }],
  ["an idle stream", { streams: [idle], events: undefined }, { kind: "ready" }],
  ["a stream being opened", { streams: [idle, connecting], events: undefined }, { kind: "connecting" }],
  ["a live stream", { streams: [live(2)], events: undefined }, { kind: "live", viewers: 2 }],
  ["two live streams", { streams: [live(2), live(0)], events: undefined }, { kind: "live", viewers: 2 }],
  ["a failed stream", { streams: [offline], events: undefined }, { kind: "offline", code: "camera-stalled" }],
  [
    "a live stream beside a failed one",
    { streams: [offline, live(1)], events: undefined },
    { kind: "live", viewers: 1 },
  ],
  ["events failing", { streams: [], events: unreachable }, { kind: "offline", code: "camera-unreachable" }],
  ["events failing while a picture flows", { streams: [live(1)], events: unreachable }, { kind: "live", viewers: 1 }],
  [
    "events and stream failing",
    { streams: [offline], events: unreachable },
    { kind: "offline", code: "camera-stalled" },
  ],
  ["events failing while a stream opens", { streams: [connecting], events: unreachable }, { kind: "offline" }],
];

describe("cameraState", () => {
  it.each(table)("%s", (_title, health, expected) => {
    expect(cameraState(health)).toMatchObject(expected);
  });
});
