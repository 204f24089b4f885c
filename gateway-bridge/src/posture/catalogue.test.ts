import { describe, expect, it } from "@jest/globals";
import { CheckId } from "@gatehouse/shared";

import { catalogue } from "./catalogue.ts";

/**
 * How bad each is, which provisions it goes against, which step of the advice for owners it is, and by whom it can be mended ("" for by hand). By
 * hand because the makers' interfaces that are documented have no switch for it: vendors' own ports, SNMP, consoles of engineers, routers, Wi-Fi.
 */
const facts = [
  ["CAM-INIT", "critical", "5.1-1, 5.12-1", "change-default-password", "onvif"],
  ["CAM-PWD-DEFAULT", "critical", "5.1-1, 5.1-2", "change-default-password", "onvif"],
  ["CAM-PWD-EMPTY", "critical", "5.1-1", "change-default-password", "onvif"],
  ["CAM-PWD-REUSED", "medium", "5.1-1", "change-default-password", "onvif"],
  ["CAM-USERS-EXTRA", "high", "5.6-7", null, "onvif"],
  ["CAM-LEASTPRIV", "low", "5.6-7", null, "onvif"],
  ["LOCKOUT-OFF", "medium", "5.1-5", null, "onvif"],
  ["ONVIF-ANON-SECRET", "critical", "5.5-5", null, "vendor"],
  ["ONVIF-ANON-READ", "high", "5.5-4, 5.6-2", null, "vendor"],
  ["ONVIF-REPLAY", "medium", "5.1-3", null, "vendor"],
  ["RTSP-ANON", "critical", "5.5-4, 5.8-1", null, "vendor"],
  ["RTSP-BASIC", "high", "5.5-6", null, "vendor"],
  ["RTSP-MD5", "low", "5.5-1", null, "onvif"],
  ["HTTP-SNAP-ANON", "critical", "5.5-4", null, "vendor"],
  ["NET-HTTPS-OFF", "medium", "5.5-1", null, "onvif"],
  ["NET-HTTP", "medium", "5.5-6, 5.8-1", null, "onvif"],
  ["TLS-WEAK", "medium", "5.4-3, 5.5-1", null, "onvif"],
  ["TLS-PIN-CHANGED", "critical", "5.5-1", null, "gateway"],
  ["STREAM-CLEAR", "medium", "5.8-1, 5.8-2", null, "onvif"],
  ["IGD-MAP-CAM", "critical", "5.6-1", "upnp-off", "router, vendor"],
  ["IGD-OPEN", "medium", "5.6-1", "upnp-off", ""],
  ["WAN-HAIRPIN", "critical", "5.6-1", "remote-viewing-off", ""],
  ["WAN-IPV6", "high", "5.6-1", "remote-viewing-off", "onvif"],
  ["NET-TELNET", "critical", "5.6-1, 5.6-4", null, "vendor"],
  ["NET-FTP", "high", "5.6-1, 5.6-4", null, "vendor"],
  ["NET-SSH", "medium", "5.6-1, 5.6-4", null, "vendor"],
  ["NET-VENDORPORT", "low", "5.6-1, 5.6-5", null, ""],
  ["NET-SNMP", "high", "5.6-4", null, ""],
  ["NET-DEBUG", "critical", "5.6-4", null, ""],
  ["DISC-ON", "low", "5.6-2", null, "onvif"],
  ["DISC-WAN", "medium", "5.6-1", null, "onvif"],
  ["DISC-INFO", "low", "5.6-2", null, ""],
  ["CAM-UPNP", "high", "5.6-1", "upnp-off", "vendor"],
  ["CALLSTRANGER", "medium", "5.13-1", "upnp-off", "vendor"],
  ["CAM-P2P", "high", "5.6-5", "remote-viewing-off", "vendor"],
  ["CAM-DDNS", "medium", "5.6-5", "remote-viewing-off", "onvif"],
  ["CAM-PUSH", "medium", "5.6-5", null, "vendor"],
  ["EGRESS", "medium", "5.6-5, 5.8-2", "remote-viewing-off", "onvif"],
  ["IPFILTER", "low", "5.6-1", null, "onvif"],
  ["FW-KEV", "critical", "5.3-2, 5.3-8", "update", "onvif"],
  ["FW-CVE", "high", "5.3-2, 5.3-8", "update", "onvif"],
  ["FW-AGE", "medium", "5.3-13", "update", "onvif"],
  ["FW-AUTO-OFF", "low", "5.3-4", "update", "vendor"],
  ["TIME", "low", "5.5-1", null, "onvif"],
  ["WIFI-WEAK", "high", "5.5-1", null, ""],
  ["WIFI-DEFAULT-SSID", "low", "5.6-2", null, ""],
  ["WIFI-GUEST", "medium", "5.6-1", null, ""],
  ["WIFI-KRACK", "medium", "5.3-2", "update", ""],
  ["WIFI-SSID-RENAMED", "low", "5.1-1", "change-default-password", ""],
] as const; // prettier-ignore

describe("the catalogue of checks", () => {
  const ids = catalogue.map(({ id }) => id);

  it("holds every check of the contract, once", () => {
    expect(ids.toSorted()).toEqual(CheckId.options.toSorted());
  });

  it.each(facts)("%s is %s, by provision %s", (id, severity, provision, ncsc, planes) => {
    const { remedies, ...check } = catalogue.find((one) => one.id === id)!;
    expect(check).toMatchObject({ severity, provision, ncsc });
    expect(remedies.map(({ plane }) => plane).join(", ")).toBe(planes);
  });

  it("is told of as a whole in the table above", () => {
    expect(facts.map(([id]) => id).toSorted()).toEqual(ids.toSorted());
  });

  it("names parents that are in it, and none that hides itself", () => {
    const parentsOf = (id: string): readonly string[] => catalogue.find((check) => check.id === id)?.parents ?? [];
    const ancestors = (id: string, seen: readonly string[] = []): readonly string[] =>
      parentsOf(id).flatMap((parent) =>
        seen.includes(parent) ? [parent] : [parent, ...ancestors(parent, [...seen, id])],
      );
    for (const { id, parents = [] } of catalogue) {
      expect(ids).toEqual(expect.arrayContaining([...parents]));
      expect(ancestors(id)).not.toContain(id);
    }
  });

  it.each(catalogue.map((check) => [check.id, check] as const))(
    "%s says in two sentences why it matters",
    (_, check) => {
      expect(check.title).toMatch(/^[A-Z].*[^.]$/);
      for (const sentence of check.why) expect(sentence).toMatch(/^[A-Z].{20,}\.$/s);
      expect(check.provision).toMatch(/^5\.\d{1,2}-\d{1,2}(, 5\.\d{1,2}-\d{1,2})*$/);
    },
  );
});
