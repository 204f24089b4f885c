import { describe, expect, it } from "@jest/globals";

import { quirksOf, quirkTable, type CameraQuirks } from "./camera-quirks.ts";

// Covers: each row with a switch, by manufacturer, model, and address; a later row that wins; unknown cameras; every row says something.

const dahua = { query: { unicast: "true", proto: "Onvif" }, single: true };

describe("quirksOf", () => {
  it.each<[string, string, string, CameraQuirks]>([
    ["HIKVISION", "DS-2CD2143", "rtsp://h/Streaming/Channels/101", {}],
    ["Dahua", "IPC-HDW5442T", "rtsp://h/live", { talk: dahua }],
    ["Amcrest", "IP8M-2496E", "rtsp://h/cam/realmonitor?channel=1", { talk: dahua }],
    ["Dahua", "VTO2211G-WP", "rtsp://h/live", { talk: { ...dahua, codecs: ["pcma"] } }],
    ["Amcrest", "AD410", "rtsp://h/live", { talk: { ...dahua, codecs: ["pcma"] } }],
    ["", "", "rtsp://h/cam/realmonitor?channel=1&subtype=0", { talk: dahua }],
    ["Imou", "", "rtsp://h/cam/realmonitor?channel=1", {}],
    ["tp-link", "Tapo C200", "rtsp://h/stream1", { sessions: 2 }],
    ["TP-LINK", "C210", "rtsp://h/stream1", { sessions: 2 }],
    ["Wyze", "v3", "rtsp://h/live", { sessions: 3 }],
    ["AXIS", "M3065-V", "rtsp://h/axis-media/media.amp", {}],
    ["Praxis", "", "", {}],
    ["", "", "rtsp://h/live", {}],
  ])("knows %s %s at %s", (manufacturer, model, url, expected) => {
    expect(quirksOf({ manufacturer, model, url })).toEqual(expected);
  });
});

describe("the table", () => {
  it("has a name, and something to say, in every row", () => {
    const empty = quirkTable.filter(({ quirks, tolerated = [] }) => quirks === undefined && tolerated.length === 0);
    expect(empty).toEqual([]);
    expect(new Set(quirkTable.map(({ brand }) => brand)).size).toBe(quirkTable.length);
  });
});
