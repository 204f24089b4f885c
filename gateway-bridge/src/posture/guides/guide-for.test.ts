import { describe, expect, it } from "@jest/globals";
import { CheckId, Guide } from "@gatehouse/shared";

import { vendors, type Vendor } from "../probe/probed-camera.ts";
import { guideFor, guideTopicOf, homeGuideFor, pageOf } from "./guide-for.ts";
import { guideTopics } from "./guide-steps.ts";

const camera = (vendor: Vendor, device = "http://192.168.1.20:8000/onvif/device_service") => ({
  host: new URL(device).hostname.replace(/[[\]]/g, ""),
  device: new URL(device),
  identity: { vendor, manufacturer: "Acme", model: "A-1", firmware: "1.10", serial: "S" },
});

describe("guideFor", () => {
  it("has steps of the contract's form for every topic and maker, or none at all", () => {
    const wrong = CheckId.options.flatMap((check) =>
      [...vendors.map((vendor) => guideFor(check, camera(vendor))), homeGuideFor(check, "http://192.168.1.1/")]
        .filter((guide) => guide !== null && !Guide.safeParse(guide).success)
        .map(() => check),
    );
    expect(wrong).toEqual([]);
  });

  it("uses every topic, and leads through everything that can be the matter with a camera", () => {
    expect(new Set(Object.values(guideTopicOf))).toEqual(new Set(guideTopics));
    const without = CheckId.options.filter((check) => homeGuideFor(check) === null);
    // Of the router and the home's Wi-Fi: they bring their own steps.
    expect(without.filter((check) => !/^(?:IGD|WAN|WIFI)-/.test(check))).toEqual([]);
  });

  it("speaks the maker's words where it knows them, and everybody's else", () => {
    expect(guideFor("CAM-UPNP", camera("hikvision"))?.steps.join(" ")).toContain("Basic Settings, NAT");
    expect(guideFor("CAM-UPNP", camera("foscam"))).toEqual(guideFor("CAM-UPNP", camera("other")));
    expect(guideFor("CAM-UPNP", camera("tapo"))).toBeNull();
  });

  it("names model and firmware where new firmware is to be found", () => {
    expect(guideFor("FW-CVE", camera("dahua"))?.steps.at(-1)).toBe("This camera is: A-1, firmware 1.10.");
  });
});

describe("pageOf", () => {
  it.each<[Vendor, string, string | null]>([
    ["hikvision", "http://192.168.1.20:8000/onvif/device_service", "http://192.168.1.20/"],
    ["hikvision", "https://192.168.1.20/onvif/device_service", "https://192.168.1.20/"],
    ["other", "rtsp://192.168.1.20/stream", "http://192.168.1.20/"],
    ["axis", "http://[fe80::1]/onvif/device_service", "http://[fe80::1]/"],
    ["tapo", "http://192.168.1.20:2020/onvif/service", null],
  ])("%s at %s: %p", (vendor, device, page) => {
    expect(pageOf(camera(vendor, device))).toBe(page);
  });
});
