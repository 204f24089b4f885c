import { describe, expect, it } from "@jest/globals";

import { keepName } from "./named-host-policy.ts";

describe("keepName", () => {
  it.each([
    ["http://cam.lan/x", "https://192.168.1.20:8443/x", "https://cam.lan:8443/x"],
    ["http://cam.lan:8080/x", "http://192.168.1.20:8080/x", "http://cam.lan:8080/x"],
    ["http://192.168.1.20/x", "https://192.168.1.20/x", "https://192.168.1.20/x"],
    ["http://192.168.1.20/x", "https://192.168.1.21/x", "https://192.168.1.21/x"],
    ["http://[fd00::5]/x", "https://[fd00::5]/x", "https://[fd00::5]/x"],
    ["rtsp://cam.lan/a", "rtsps://[fd00::5]:322/a", "rtsps://cam.lan:322/a"],
  ])("%s, then %s: %s", (before, to, expected) => {
    expect(keepName(new URL(before), new URL(to)).href).toBe(expected);
  });
});
