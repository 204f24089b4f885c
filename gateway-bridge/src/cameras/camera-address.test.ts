import { describe, expect, it } from "@jest/globals";

import { parseCameraAddress } from "./camera-address.ts";

const shown = (text: string): string[] => {
  const address = parseCameraAddress(text);
  return address.kind === "rtsp" ? [address.url.href] : address.candidates.map(String);
};

describe("parseCameraAddress", () => {
  it.each([
    ["camera.lan:8080", "http://camera.lan:8080/onvif/device_service"],
    [" 192.168.1.20:80/ ", "http://192.168.1.20/onvif/device_service"],
    ["192.168.1.20/custom/path", "http://192.168.1.20/custom/path"],
    ["http://192.168.1.20", "http://192.168.1.20/onvif/device_service"],
    ["https://192.168.1.20/onvif/x?y=z#w", "https://192.168.1.20/onvif/x?y=z"],
    ["HTTPS://Camera.lan", "https://camera.lan/onvif/device_service"],
    ["[fd00::5]:81", "http://[fd00::5]:81/onvif/device_service"],
    ["rtsp://192.168.1.20/live?channel=1", "rtsp://192.168.1.20/live?channel=1"],
    ["rtsps://[fd00::5]:322/live", "rtsps://[fd00::5]:322/live"],
  ])("%j is one address", (text, expected) => {
    const [first, ...more] = shown(text);
    expect(first).toBe(expected);
    if (text !== " 192.168.1.20:80/ ") expect(more).toEqual([]);
  });

  it.each(["192.168.1.20", "camera", "fd00::5"])("%j is looked for on the ports that cameras use", (text) => {
    const ports = shown(text).map((url) => new URL(url).port);
    expect(ports).toEqual(["", "2020", "8080", "8000", "8899"]);
    expect(new Set(shown(text).map((url) => new URL(url).pathname))).toEqual(new Set(["/onvif/device_service"]));
  });

  it.each<[string, string | undefined]>([
    ["http://camera.lan/snapshot.jpg", "http://camera.lan/snapshot.jpg"],
    ["camera.lan/cgi-bin/still?channel=1#x", "http://camera.lan/cgi-bin/still?channel=1"],
    ["http://camera.lan/?action=snapshot", "http://camera.lan/?action=snapshot"],
    ["http://camera.lan/onvifpicture", "http://camera.lan/onvifpicture"],
    ["http://camera.lan/", undefined],
    ["camera.lan", undefined],
    ["http://camera.lan/ONVIF", undefined],
    ["http://camera.lan/onvif/device_service", undefined],
  ])("%j may be that of the picture %s", (text, picture) => {
    const address = parseCameraAddress(text);
    expect(address.kind === "onvif" ? address.picture?.href : "").toBe(picture);
  });

  it.each([
    "",
    " ",
    "http://",
    "rtsp://",
    "a b",
    "rtsp:///path",
    "ftp://192.168.1.20",
    "file:///etc/passwd",
    "192.168.1.20:99999",
    "javascript:alert(1)",
    "\u0000",
  ])("%j is refused", (text) => {
    // prettier-ignore
    expect(() => parseCameraAddress(text)).toThrow(expect.objectContaining({ code: "request-invalid" }));
  });

  it.each([
    "rtsp://admin:secret@192.168.1.20/",
    "admin@192.168.1.20",
    "http://:secret@cam",
    "rtsp://192.168.1.20/user=admin_password=secret_channel=1",
    "rtsp://192.168.1.20/live?usr=admin&pwd=secret",
  ])("%j is refused for its credentials, with a way out and without showing them", (text) => {
    expect(() => parseCameraAddress(text)).toThrow(
      expect.objectContaining({
        code: "request-invalid",
        message: expect.not.stringContaining("secret") as unknown,
        remedy: expect.stringContaining("give them as user name and password") as unknown,
      }),
    );
  });
});
