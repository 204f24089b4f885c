import { describe, expect, it } from "@jest/globals";

import { decideCameraUri, type CameraUri } from "./camera-uri-policy.ts";

const plain = new URL("http://192.168.1.20:8080/onvif/device_service");
const tls = new URL("https://192.168.1.20/onvif/device_service");
const named = new URL("http://cam.lan/onvif/device_service");
const six = new URL("http://[fd00::5]/onvif/device_service");

describe("decideCameraUri", () => {
  it.each<[CameraUri["use"], URL, string, string]>([
    // As it should be.
    ["service", plain, "http://192.168.1.20:8080/onvif/media", "http://192.168.1.20:8080/onvif/media"],
    ["service", plain, "http://192.168.1.20/onvif/media", "http://192.168.1.20/onvif/media"],
    ["service", plain, "http://192.168.1.20:1024/event-1024_1024", "http://192.168.1.20:1024/event-1024_1024"],
    ["snapshot", named, "http://CAM.lan/jpg?x=1&y=2#z", "http://cam.lan/jpg?x=1&y=2"],
    ["stream", plain, "rtsp://192.168.1.20:554/a?b=c&d", "rtsp://192.168.1.20:554/a?b=c&d"],
    ["stream", plain, "rtsps://192.168.1.20/a", "rtsps://192.168.1.20/a"],
    ["stream", six, "rtsp://[fd00::5]:554/a", "rtsp://[fd00::5]:554/a"],
    // Another address of its own.
    ["service", plain, "http://10.0.0.5/onvif/media", "http://192.168.1.20:8080/onvif/media"],
    ["service", plain, "http://10.0.0.5:8899/onvif/media", "http://192.168.1.20:8899/onvif/media"],
    ["service", named, "http://192.168.1.20/onvif/media", "http://cam.lan/onvif/media"],
    ["stream", plain, "rtsp://169.254.7.7:8554/a", "rtsp://192.168.1.20:8554/a"],
    ["stream", plain, "rtsp://0.0.0.0/a", "rtsp://192.168.1.20/a"],
    ["stream", plain, "rtsp://[fe80::1]/a", "rtsp://192.168.1.20/a"],
    ["stream", plain, "rtsp://axis-00408c.local/a", "rtsp://192.168.1.20/a"],
    ["snapshot", plain, "http://ipcamera/a", "http://192.168.1.20:8080/a"],
    // Somebody else's: services are forced home, media is refused.
    ["service", plain, "http://evil.example/onvif/events", "http://192.168.1.20:8080/onvif/events"],
    ["service", plain, "http://203.0.113.9:81/onvif/events", "http://192.168.1.20:81/onvif/events"],
    ["stream", plain, "rtsp://203.0.113.9/a", "foreign"],
    ["stream", plain, "rtsp://cloud.example/a", "foreign"],
    ["stream", plain, "rtsp://192.168.1.20@203.0.113.9/a", "foreign"],
    ["stream", plain, "rtsp://192.168.1.20.evil.example/a", "foreign"],
    ["stream", plain, "rtsp://[2001:db8::1]/a", "foreign"],
    ["snapshot", plain, "http://cloud.example/a.jpg", "foreign"],
    ["snapshot", plain, "http://3405803785/a.jpg", "foreign"],
    // Neither off TLS nor onto it.
    ["service", tls, "http://192.168.1.20/onvif/media", "https://192.168.1.20/onvif/media"],
    ["service", tls, "http://192.168.1.20:8000/onvif/media", "https://192.168.1.20/onvif/media"],
    ["snapshot", tls, "https://192.168.1.20:8443/a", "https://192.168.1.20:8443/a"],
    ["service", plain, "https://192.168.1.20/onvif/media", "http://192.168.1.20:8080/onvif/media"],
    ["stream", tls, "rtsp://192.168.1.20/a", "rtsp://192.168.1.20/a"],
    // Repaired.
    ["service", plain, "http://192.168.1.20:8106:8106/onvif/x", "http://192.168.1.20:8106/onvif/x"],
    ["stream", plain, "rtsp://rtsp://192.168.1.20:554/a", "rtsp://192.168.1.20:554/a"],
    ["stream", plain, "rtsp://::ffff:192.168.1.20/a", "rtsp://192.168.1.20/a"],
    ["stream", plain, "192.168.1.20:554/a", "rtsp://192.168.1.20:554/a"],
    ["service", plain, "192.168.1.20/onvif/media", "http://192.168.1.20/onvif/media"],
    ["service", plain, "/onvif/media", "http://192.168.1.20:8080/onvif/media"],
    ["stream", plain, "/live", "rtsp://192.168.1.20/live"],
    ["stream", plain, " rtsp://192.168.1.20/a\n", "rtsp://192.168.1.20/a"],
    ["stream", plain, "rtsp://admin:secret@192.168.1.20/a", "rtsp://192.168.1.20/a"],
    // Of no use.
    ["service", plain, "", "malformed"],
    ["service", plain, "http://", "malformed"],
    ["service", plain, "file:///etc/passwd", "malformed"],
    ["stream", plain, "http://192.168.1.20/a", "malformed"],
    ["snapshot", plain, "rtsp://192.168.1.20/a", "malformed"],
    ["stream", plain, "rtsp://192.168.1.20:99999/a", "malformed"],
    ["stream", plain, `rtsp://192.168.1.20/${"a".repeat(2_100)}`, "malformed"],
  ])("%s at %s: %j is %j", (use, device, text, expected) => {
    const decision = decideCameraUri({ text, use, device });
    expect(decision.kind === "use" ? decision.url.href : decision.kind).toBe(expected);
  });
});
