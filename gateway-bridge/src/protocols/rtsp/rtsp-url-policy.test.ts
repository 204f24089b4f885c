import { describe, expect, it } from "@jest/globals";

import { formatRtspUrl, parseRtspUrl, resolveControl, type RtspUrl } from "./rtsp-url-policy.ts";

// Covers: reading (schemes, repairs, hosts of every form, ports, credentials, what is refused); joining of base and control
// (absent, `*`, absolute, relative, after a query, slashes on either side); and that no text of a camera changes the host.

const read = (text: string): RtspUrl => {
  const url = parseRtspUrl(text);
  if (url === undefined) throw new Error(`refused: ${text}`);
  return url;
};

describe("parseRtspUrl", () => {
  it.each<[string, string, number, string]>([
    ["rtsp://192.0.2.1:8554/live", "192.0.2.1", 8554, "rtsp://192.0.2.1:8554/live"],
    ["rtsp://camera/live?channel=1&subtype=0", "camera", 554, "rtsp://camera/live?channel=1&subtype=0"],
    ["rtsps://camera/live", "camera", 322, "rtsps://camera/live"],
    ["RTSP://camera", "camera", 554, "rtsp://camera"],
    ["  rtsp://camera/  ", "camera", 554, "rtsp://camera/"],
    ["rtsp://camera?x", "camera", 554, "rtsp://camera?x"],
    ["rtsp://rtsp://camera/live", "camera", 554, "rtsp://camera/live"],
    ["rtsp://rtsps://camera/live", "camera", 322, "rtsps://camera/live"],
    ["192.0.2.1/live", "192.0.2.1", 554, "rtsp://192.0.2.1/live"],
    ["192.0.2.1:8554/live", "192.0.2.1", 8554, "rtsp://192.0.2.1:8554/live"],
    ["rtsp://camera:/live", "camera", 554, "rtsp://camera/live"],
    ["rtsp://[fe80::1]:9/live", "fe80::1", 9, "rtsp://[fe80::1]:9/live"],
    ["rtsp://[fe80::1%eth0]/live", "fe80::1%eth0", 554, "rtsp://[fe80::1%eth0]/live"],
    ["rtsp://fe80::1/live", "fe80::1", 554, "rtsp://[fe80::1]/live"],
    ["rtsp://::ffff:192.0.2.1/live", "192.0.2.1", 554, "rtsp://192.0.2.1/live"],
    ["rtsp://admin:pa@ss@camera/live@home", "camera", 554, "rtsp://camera/live@home"],
    ["rtsp://camera/a b\r\nX: y\xff#part", "camera", 554, "rtsp://camera/a%20b%0d%0aX:%20y%ff"],
    ["rtsp://camera/\u20ac", "camera", 554, "rtsp://camera/%e2%82%ac"],
  ])("reads %j", (text, host, port, formatted) => {
    const url = read(text);
    expect([url.host, url.port, formatRtspUrl(url)]).toEqual([host, port, formatted]);
  });

  it.each([
    "",
    "rtsp://",
    "rtsp:///live",
    "rtsp://user@/live",
    "http://camera/live",
    "rtsp://camera:0/",
    "rtsp://camera:65536/",
    "rtsp://camera:port/",
    "rtsp://ca mera/",
    "rtsp://[camera]/",
    "rtsp://[fe80::1/",
    "rtsp://:554/",
    `rtsp://camera/${"x".repeat(3_000)}`,
  ])("refuses %j", (text) => {
    expect(parseRtspUrl(text)).toBeUndefined();
  });
});

describe("resolveControl", () => {
  const request = "rtsp://192.0.2.1:8554/live?channel=1";

  it.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, "rtsp://192.0.2.1:8554/live?channel=1"],
    [undefined, "*", "rtsp://192.0.2.1:8554/live?channel=1"],
    [undefined, "trackID=1", "rtsp://192.0.2.1:8554/live?channel=1/trackID=1"],
    ["rtsp://192.0.2.1/base/", undefined, "rtsp://192.0.2.1:8554/base/"],
    ["rtsp://192.0.2.1/base/", "*", "rtsp://192.0.2.1:8554/base/"],
    ["rtsp://192.0.2.1/base/", "trackID=1", "rtsp://192.0.2.1:8554/base/trackID=1"],
    ["rtsp://192.0.2.1/base", "trackID=1", "rtsp://192.0.2.1:8554/base/trackID=1"],
    ["rtsp://192.0.2.1/base/", "/trackID=1", "rtsp://192.0.2.1:8554/base/trackID=1"],
    ["rtsp://192.0.2.1/base", "?track=1", "rtsp://192.0.2.1:8554/base?track=1"],
    ["rtsp://192.0.2.1", "trackID=1", "rtsp://192.0.2.1:8554/trackID=1"],
    ["rtsp://h/cam?a=1&proto=Onvif/", "trackID=0", "rtsp://192.0.2.1:8554/cam?a=1&proto=Onvif/trackID=0"],
    ["rtsp://h/base/", "rtsp://h/other/track1?x=y", "rtsp://192.0.2.1:8554/other/track1?x=y"],
    ["", "track1", "rtsp://192.0.2.1:8554/live?channel=1/track1"],
    ["/relative/", "track1", "rtsp://192.0.2.1:8554/live?channel=1/track1"],
    ["rtsp://not a url/", "track1", "rtsp://192.0.2.1:8554/live?channel=1/track1"],
    [undefined, "rtsp://not a url/", "rtsp://192.0.2.1:8554/live?channel=1/rtsp://not%20a%20url/"],
    [undefined, "a\r\nX: y", "rtsp://192.0.2.1:8554/live?channel=1/a%0d%0aX:%20y"],
  ])("puts Content-Base %j and control %j together", (base, control, expected) => {
    expect(resolveControl({ request: read(request), base }, control)).toBe(expected);
  });

  it("never names another host, port or scheme than the camera's", () => {
    const secured = read("rtsps://camera:7441/live");
    for (const foreign of ["rtsp://203.0.113.9/x", "rtsps://evil.example:99/x", "rtsp://user:pw@evil.example/x"]) {
      expect(resolveControl({ request: secured, base: foreign }, "*")).toBe("rtsps://camera:7441/x");
      expect(resolveControl({ request: secured, base: undefined }, foreign)).toBe("rtsps://camera:7441/x");
    }
  });
});
