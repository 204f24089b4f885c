import type { CheckId } from "@gatehouse/shared";

/** Everything that can be the matter with one camera, by the name of the check that should find it. */
export const weaknessIds = [
  "CAM-PWD-DEFAULT",
  "CAM-PWD-EMPTY",
  "CAM-PWD-REUSED",
  "CAM-INIT",
  "CAM-USERS-EXTRA",
  "CAM-LEASTPRIV",
  "ONVIF-ANON-READ",
  "ONVIF-ANON-SECRET",
  "ONVIF-REPLAY",
  "RTSP-ANON",
  "RTSP-BASIC",
  "RTSP-MD5",
  "HTTP-SNAP-ANON",
  "NET-TELNET",
  "NET-FTP",
  "NET-SSH",
  "NET-HTTP",
  "NET-HTTPS-OFF",
  "NET-VENDORPORT",
  "NET-SNMP",
  "NET-DEBUG",
  "TLS-WEAK",
  "TLS-PIN-CHANGED",
  "STREAM-CLEAR",
  "DISC-ON",
  "DISC-WAN",
  "DISC-INFO",
  "CAM-UPNP",
  "CAM-P2P",
  "CAM-DDNS",
  "CAM-PUSH",
  "CALLSTRANGER",
  "WAN-IPV6",
  "EGRESS",
  "FW-CVE",
  "FW-KEV",
  "FW-AGE",
  "FW-AUTO-OFF",
  "TIME",
  "LOCKOUT-OFF",
  "IPFILTER",
  "WIFI-WEAK",
  "WIFI-DEFAULT-SSID",
] as const satisfies readonly CheckId[];
export type WeaknessId = (typeof weaknessIds)[number];

/** Which weaknesses a camera is given; what is not named is off. */
export type Weaknesses = Readonly<Partial<Record<WeaknessId, boolean>>>;

/**
 * How it really is with a camera, whatever was asked for. `weak` it has the weakness. `sound` it could, and has not. `cannot` such a
 * camera cannot have it, or nobody could see it: no certificate where there is no TLS.
 */
export type Truth = Readonly<Record<WeaknessId, "weak" | "sound" | "cannot">>;
