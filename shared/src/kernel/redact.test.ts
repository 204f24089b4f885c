import { describe, expect, it } from "@jest/globals";

import { redactUrl } from "./redact.ts";

describe("redactUrl", () => {
  it.each([
    ["rtsp://camera.lan/live/main", "rtsp://camera.lan/live/main"],
    ["rtsp://admin:hunter2@192.168.1.20:8554/ch0", "rtsp://192.168.1.20:8554/ch0"],
    ["rtsp://admin:hun/ter2@192.168.1.20/ch0", "[url]"],
    ["rtsp://admin:2/hunter2@192.168.1.20/ch0", "[url]"],
    ["rtsp://admin:2?hunter2@192.168.1.20/ch0", "[url]"],
    ["rtsp://admin:2#hunter2@192.168.1.20/ch0", "[url]"],
    ["http://camera.lan/onvif?token=hunter2#hunter2", "http://camera.lan/onvif"],
    ["https://[fe80::1]:8443/a", "https://[fe80::1]:8443/a"],
    ["rtsp://10.0.0.9:554/user=admin&password=hunter2&channel=1/live", "rtsp://10.0.0.9:554/[hidden]/live"],
    ["rtsp://10.0.0.9/user%3Dadmin_password%3dhunter2.sdp", "rtsp://10.0.0.9/[hidden]"],
    ["admin:hunter2@192.168.1.20", "[url]"],
    ["mailto:hunter2@lan", "[url]"],
    ["file:///etc/hunter2", "[url]"],
    ["hunter2", "[url]"],
    ["", "[url]"],
  ])("writes %s as %s", (url, expected) => {
    const shown = redactUrl(url);
    expect(shown).not.toContain("hunter2");
    expect(shown).toBe(expected);
    expect(redactUrl(shown)).toBe(shown);
  });
});
