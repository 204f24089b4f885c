import { describe, expect, it } from "@jest/globals";

import { parseTarget } from "./target-policy.ts";

const camera = "cam-abcdefghijklmnop";

describe("parseTarget", () => {
  it.each([
    [`rtsps://gate.lan:8322/${camera}`, { camera, tier: undefined, track: undefined }],
    [`rtsps://gate.lan/${camera}/`, { camera, tier: undefined, track: undefined }],
    [`rtsp://[fe80::1]:8554/${camera}/sub`, { camera, tier: "sub", track: undefined }],
    [`rtsp://h/${camera}/main/trackID=0`, { camera, tier: "main", track: 0 }],
    [`rtsp://h/${camera}/trackID=1/`, { camera, tier: undefined, track: 1 }],
    [`RTSPS://h/${camera}?a=b`, { camera, tier: undefined, track: undefined }],
    [`/${camera}/third`, { camera, tier: "third", track: undefined }],
  ])("reads %s", (uri, target) => {
    expect(parseTarget(uri)).toEqual(target);
  });

  it.each([
    "*",
    "",
    "rtsp://h",
    "rtsp://h/",
    "rtsp://h/cam-short",
    `rtsp://h/${camera}/fourth`,
    `rtsp://h/${camera}/main/trackID=12`,
    `rtsp://h/${camera}/trackID=x`,
    `rtsp://h/x/${camera}`,
    `rtsp://h/${camera}/../${camera}`,
    `http://h/${camera}`,
    `rtsp://h/${camera}/${"a".repeat(600)}`,
  ])("finds nothing in %s", (uri) => {
    expect(parseTarget(uri)).toBeUndefined();
  });
});
