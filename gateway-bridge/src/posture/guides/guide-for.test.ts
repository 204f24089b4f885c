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

  /** What only a person can do something about, or where the gateway's own way may not fit. */
  const byHand = ["NET-TELNET", "NET-FTP", "NET-SSH", "NET-VENDORPORT", "NET-SNMP", "FW-CVE", "FW-KEV", "FW-AGE", "CAM-P2P", "CAM-PWD-DEFAULT"] as const; // prettier-ignore
  const makers = ["hikvision", "dahua", "reolink", "axis", "tapo", "wyze"] as const;

  it.each(byHand.flatMap((check) => makers.map((maker) => [check, maker] as const)))(
    "has steps for %s in the words of %s, and others for everybody else",
    (check, maker) => {
      const own = guideFor(check, camera(maker))?.steps ?? [];
      const general = guideFor(check, camera("other"))?.steps ?? [];
      expect([own.length, general.length].every((count) => count > 0)).toBe(true);
      expect(own).not.toEqual(general);
    },
  );

  it("has no new key trusted, nor a password typed, before a person knows why it is new", () => {
    const steps = guideFor("TLS-PIN-CHANGED", camera("hikvision"))?.steps.join(" ");
    expect(steps).toMatch(/compare its key.*type no password/);
    expect(steps).not.toMatch(/Create|Self-signed/);
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

  it.each<[string, string, { secure: boolean; port: number } | undefined, string]>([
    ["within TLS, at a port of its own", "https://192.168.1.20:8443/onvif", undefined, "https://192.168.1.20:8443/"],
    ["where it was seen", "http://192.168.1.20:8000/onvif", { secure: false, port: 8080 }, "http://192.168.1.20:8080/"],
    ["where it was seen within TLS", "http://192.168.1.20/onvif", { secure: true, port: 443 }, "https://192.168.1.20/"],
    [
      "of a camera with TLS alone",
      "rtsp://192.168.1.20/main",
      { secure: true, port: 8443 },
      "https://192.168.1.20:8443/",
    ],
    ["once HTTP was switched off", "https://192.168.1.20/onvif", { secure: false, port: 80 }, "https://192.168.1.20/"],
    ["at a name", "http://porch.home/onvif", { secure: false, port: 8080 }, "http://porch.home:8080/"],
    ["by IPv6", "http://[fd00::5]/onvif", { secure: true, port: 8443 }, "https://[fd00::5]:8443/"],
  ])("is %s", (_, device, page, expected) => {
    expect(pageOf({ ...camera("other", device), page })).toBe(expected);
  });
});
