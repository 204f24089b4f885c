import type { CheckId, Guide } from "@gatehouse/shared";

import type { ProbedCamera, Vendor } from "../probe/probed-camera.ts";
import { guideSteps, type GuideTopic } from "./guide-steps.ts";

/** At which of its ports a camera serves its page. */
export interface WebPage {
  readonly secure: boolean;
  readonly port: number;
}

/** What of a camera a guide goes by. */
export type GuidedCamera = Pick<ProbedCamera, "host" | "identity" | "device"> & {
  /** Where its page was seen last; undefined before that. */
  readonly page?: WebPage | undefined;
};

/** What a person does about a check that failed; checks that only the owner's words decide are led through by their own steps. */
export const guideTopicOf: Readonly<Partial<Record<CheckId, GuideTopic>>> = {
  "CAM-PWD-DEFAULT": "password",
  "CAM-PWD-EMPTY": "password",
  "CAM-PWD-REUSED": "password",
  "CAM-INIT": "first-login",
  "CAM-USERS-EXTRA": "users",
  "CAM-LEASTPRIV": "users",
  "ONVIF-ANON-READ": "onvif-login",
  "ONVIF-ANON-SECRET": "onvif-login",
  "ONVIF-REPLAY": "https",
  "RTSP-ANON": "stream-login",
  "RTSP-BASIC": "stream-login",
  "RTSP-MD5": "stream-login",
  "HTTP-SNAP-ANON": "picture-login",
  "NET-TELNET": "telnet",
  "NET-FTP": "ftp",
  "NET-SSH": "ssh",
  "NET-HTTP": "https",
  "NET-HTTPS-OFF": "https",
  "NET-VENDORPORT": "vendor-port",
  "NET-SNMP": "snmp",
  "NET-DEBUG": "debug",
  "TLS-WEAK": "https",
  "TLS-PIN-CHANGED": "key-changed",
  "STREAM-CLEAR": "stream-encryption",
  "DISC-ON": "discovery",
  "DISC-WAN": "discovery",
  "DISC-INFO": "discovery",
  "CAM-UPNP": "upnp",
  "CAM-P2P": "cloud",
  "CAM-DDNS": "dynamic-dns",
  "CAM-PUSH": "uploads",
  CALLSTRANGER: "upnp",
  EGRESS: "internet",
  "FW-CVE": "firmware",
  "FW-KEV": "firmware",
  "FW-AGE": "firmware",
  "FW-AUTO-OFF": "auto-update",
  TIME: "clock",
  "LOCKOUT-OFF": "lockout",
  IPFILTER: "ip-filter",
  "WIFI-WEAK": "wifi",
};

/** Makers whose cameras have no page: everything is done in the app. */
const appOnly: readonly Vendor[] = ["tapo", "wyze"];

/** What a person does by hand about this, in the words of the camera's maker; null where such a camera offers nothing. */
export const guideFor = (check: CheckId, camera: GuidedCamera): Guide | null => {
  const topic = guideTopicOf[check];
  if (topic === undefined) return null;
  const { vendor, model, firmware } = camera.identity;
  const own = guideSteps[topic][vendor];
  if (own === null) return null;
  const steps = own ?? guideSteps[topic].any;
  const known = [model, firmware].filter((text) => text !== "").join(", firmware ");
  const naming = topic === "firmware" && known !== "" ? [`This camera is: ${known}.`.slice(0, 400)] : [];
  return { page: pageOf(camera), steps: [...steps, ...naming] };
};

/** The same for a check of the whole home, where the cameras may be of several makers. */
export const homeGuideFor = (check: CheckId, page: string | null = null): Guide | null => {
  const topic = guideTopicOf[check];
  return topic === undefined ? null : { page, steps: [...guideSteps[topic].any] };
};

/**
 * The camera's own page; null where everything is done in an app. Where it was never seen, it is taken to be where the gateway speaks TLS to the
 * camera, or else at the usual port: ONVIF without TLS often has a port for itself.
 */
export const pageOf = (camera: GuidedCamera): string | null => {
  const { host, identity } = camera;
  if (appOnly.includes(identity.vendor)) return null;
  const { secure, port } = placeOfPage(camera);
  const literal = host.includes(":") && !host.startsWith("[") ? `[${host.replace(/%.*/, "")}]` : host;
  return new URL(`${secure ? "https" : "http"}://${literal}:${port}/`).href;
};

/** A page that was seen without TLS is not there any more once the gateway speaks TLS to the camera. */
const placeOfPage = ({ device, page }: GuidedCamera): WebPage => {
  const secure = device.protocol === "https:";
  if (page !== undefined && (page.secure || !secure)) return page;
  return secure ? { secure, port: Number(device.port || 443) } : { secure, port: 80 };
};
