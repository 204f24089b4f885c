import { describe, expect, it } from "@jest/globals";

import { vendorOf } from "./vendor-policy.ts";

describe("vendorOf", () => {
  it.each([
    [{ manufacturer: "HIKVISION" }, "hikvision"],
    [{ manufacturer: "EZVIZ" }, "hikvision"],
    [{ manufacturer: "Amcrest" }, "dahua"],
    [{ manufacturer: "AXIS" }, "axis"],
    [{ manufacturer: "tp-link", model: "Tapo C220" }, "tapo"],
    [{ manufacturer: "Praxis Cameras" }, "other"],
    [{ scopes: ["onvif://www.onvif.org/name/HIKVISION%20DS-2CD2012-I"] }, "hikvision"],
    [{ scopes: ["onvif://www.onvif.org/hardware/Foscam%ZZ"] }, "foscam"],
    [{ scopes: ["onvif://www.onvif.org/type/ptz", "onvif://www.onvif.org/hardware/DS-2DF7276-AEL"] }, "hikvision"],
    [{ scopes: ["onvif://www.onvif.org/name/Front%20DS-2"] }, "other"],
    [{ scopes: ["onvif://www.onvif.org/location/Axis%20Street"] }, "other"],
    [{ mac: "EC:71:DB:01:02:03" }, "reolink"],
    [{ mac: "00-40-8c-aa-bb-cc" }, "axis"],
    [{ mac: "02:00:00:00:00:01" }, "other"],
    [{ commonName: "axis-b8a44f000000" }, "axis"],
    [{ server: "App-webs/" }, "hikvision"],
    [{ server: "nginx" }, "other"],
    [{ title: "Reolink", server: "nginx" }, "reolink"],
    [{ title: "AXIS" }, "axis"],
    [{ title: "IP Camera", server: "App-webs/" }, "hikvision"],
    [{ model: "DS-2CD2043G2-I" }, "hikvision"],
    [{ model: "IPC-HFW2831S" }, "dahua"],
    [{ stream: "/cam/realmonitor?channel=1&subtype=0" }, "dahua"],
    [{ stream: "/h264Preview_01_main" }, "reolink"],
    [{ stream: "/onvif-media/media.amp?profile=profile_1" }, "axis"],
    [{ stream: "/onvif-media/other" }, "other"],
    [{}, "other"],
  ] as const)("%j is %s", (clues, vendor) => expect(vendorOf(clues)).toBe(vendor));

  it("believes what a camera says of itself before its network address, which can belong to a module in it", () => {
    expect(vendorOf({ manufacturer: "Reolink", mac: "00:40:8c:00:00:01" })).toBe("reolink");
  });
});
