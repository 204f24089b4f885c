import { z } from "zod";

import { CameraId, InspectionId, Name, NewcomerId, PrincipalId, RemedyRunId, Time } from "./ids.ts";

/** What can be found out about a camera, or about the home around it. A name is never reused. */
export const CheckId = z.enum([
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
  "IGD-MAP-CAM",
  "IGD-OPEN",
  "WAN-HAIRPIN",
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
  "WIFI-GUEST",
  "WIFI-KRACK",
  "WIFI-SSID-RENAMED",
]);
export type CheckId = z.infer<typeof CheckId>;

/** How bad it is that a check failed. */
export const Severity = z.enum(["critical", "high", "medium", "low"]);
export type Severity = z.infer<typeof Severity>;

/**
 * `failed` a weakness is there. `passed` it was looked for, and is not. `unknown` it could not be found out this time. `not-applicable` such a
 * camera cannot have it. `behind` nobody looked, because a check that it depends on fails. `accepted` a weakness that the owner lives with.
 * `stated` nothing can be measured: the owner said that it is so.
 */
export const FindingStatus = z.enum(["failed", "passed", "unknown", "not-applicable", "behind", "accepted", "stated"]);
export type FindingStatus = z.infer<typeof FindingStatus>;

/** What can be done by the gateway itself. */
export const RemedyId = z.enum([
  "initialise",
  "rotate-password",
  "streaming-user",
  "remove-users",
  "tls-on",
  "tls-harden",
  "repin",
  "rtsp-login",
  "onvif-login",
  "rtsps-on",
  "hashing-sha256",
  "replay-protection",
  "upnp-off",
  "p2p-off",
  "mapping-delete",
  "telnet-off",
  "ftp-off",
  "ssh-off",
  "http-off",
  "ddns-off",
  "push-off",
  "discovery-off",
  "ipv6-off",
  "egress-off",
  "clock-set",
  "password-policy",
  "ip-filter",
  "auto-update-on",
  "firmware-install",
]);
export type RemedyId = z.infer<typeof RemedyId>;

/** By whose words a remedy is spoken: of ONVIF, of one vendor, of the home's router. */
export const RemedyPlane = z.enum(["onvif", "vendor", "router", "gateway"]);
export type RemedyPlane = z.infer<typeof RemedyPlane>;

/** What a person does by hand: at this page of the camera or router, these steps. */
export const Guide = z.strictObject({
  /** Where: `http://192.168.1.20/`; null where there is no page, such as in a vendor's app. */
  page: z.url().nullable(),
  /** Each a sentence that says what to press. */
  steps: z.array(z.string().max(400)).min(1).max(12),
});
export type Guide = z.infer<typeof Guide>;

/** A weakness that somebody decided to live with, for a time. */
export const Acceptance = z.strictObject({
  reason: z.string(),
  by: PrincipalId,
  name: z.string(),
  at: Time,
  until: Time,
});
export type Acceptance = z.infer<typeof Acceptance>;

/** What the owner says is so, because nobody can measure it. */
export const Statement = z.strictObject({ holds: z.boolean(), by: PrincipalId, name: z.string(), at: Time });
export type Statement = z.infer<typeof Statement>;

/** One observation about one camera, or about the home where `camera` is null. */
export const Finding = z.strictObject({
  check: CheckId,
  camera: CameraId.nullable(),
  status: FindingStatus,
  severity: Severity,
  /** In a few words: `The factory password still works`. */
  title: z.string(),
  /** Two sentences on why it matters, without a technical word that is not explained. */
  why: z.tuple([z.string(), z.string()]),
  /** What was seen, in words and figures; never a secret. */
  evidence: z.array(z.string().max(500)).max(32),
  /** When it was first seen like this, and when it was last looked at; null before the first look. */
  since: Time.nullable(),
  seen: Time.nullable(),
  /** Provision of ETSI EN 303 645 V2.1.1: `5.1-1`; not checked against the text. */
  provision: z.string(),
  /** Which of the NCSC's steps for smart cameras it belongs to; null for none. */
  ncsc: z.enum(["change-default-password", "update", "remote-viewing-off", "upnp-off"]).nullable(),
  /** What the gateway can do, the best first. */
  remedies: z.array(z.strictObject({ remedy: RemedyId, plane: RemedyPlane, proven: z.boolean() })),
  guide: Guide.nullable(),
  /** Why nobody could look, or which check it is behind. */
  note: z.string().nullable(),
  acceptance: Acceptance.nullable(),
  statement: Statement.nullable(),
});
export type Finding = z.infer<typeof Finding>;

/** `A` nothing found, `F` somebody can get in now; null before a first look, and where nothing could be found out. */
export const Grade = z.enum(["A", "B", "C", "D", "F"]);
export type Grade = z.infer<typeof Grade>;

/** How many weaknesses there are, by severity; accepted ones apart. */
export const Tally = z.strictObject({
  critical: z.int().nonnegative(),
  high: z.int().nonnegative(),
  medium: z.int().nonnegative(),
  low: z.int().nonnegative(),
  accepted: z.int().nonnegative(),
  unknown: z.int().nonnegative(),
});
export type Tally = z.infer<typeof Tally>;

/** The posture of a camera, or of a home, at one time, for its course. */
export const TrendPoint = z.strictObject({ at: Time, grade: Grade, tally: Tally });
export type TrendPoint = z.infer<typeof TrendPoint>;

export const CameraPosture = z.strictObject({
  camera: CameraId,
  name: Name,
  /** Whether the owner allowed that this camera is looked at. */
  consent: z.boolean(),
  grade: Grade.nullable(),
  tally: Tally,
  inspectedAt: Time.nullable(),
  findings: z.array(Finding),
  /** Oldest first, one a day: its last month. */
  trend: z.array(TrendPoint).max(31),
});
export type CameraPosture = z.infer<typeof CameraPosture>;

/** Something that looks like a camera and is not under the gateway's guard: nothing of it is shown to anybody. */
export const Newcomer = z.strictObject({
  id: NewcomerId,
  address: z.string(),
  name: z.string(),
  hardware: z.string(),
  first: Time,
  last: Time,
  /** Dismissed ones stay away, and are not told of again. */
  dismissed: z.boolean(),
});
export type Newcomer = z.infer<typeof Newcomer>;

export const HomePosture = z.strictObject({
  /** The worst of its cameras' and of its own findings'. */
  grade: Grade.nullable(),
  tally: Tally,
  cameras: z.array(CameraPosture),
  /** Of the home itself: router, Wi-Fi. */
  findings: z.array(Finding),
  /** Oldest first, at most a year. */
  trend: z.array(TrendPoint).max(400),
  newcomers: z.array(Newcomer),
  /** When it is looked at by itself again; null if never. */
  next: Time.nullable(),
  /** Where the rules about firmware came from. */
  advisories: z.strictObject({ issued: Time, rules: z.int().nonnegative() }),
});
export type HomePosture = z.infer<typeof HomePosture>;

export const StartInspection = z.strictObject({
  /** All that there is consent for, unless told. */
  cameras: z.array(CameraId).min(1).max(64).optional(),
  /** Only these, and what they depend on: `check again`. */
  checks: z.array(CheckId).min(1).max(64).optional(),
});
export type StartInspection = z.infer<typeof StartInspection>;

/** A look that is going on, or the last one. */
export const Inspection = z.strictObject({
  id: InspectionId,
  state: z.enum(["running", "done", "stopped"]),
  startedAt: Time,
  endedAt: Time.nullable(),
  /** Checks done, of so many. */
  done: z.int().nonnegative(),
  total: z.int().nonnegative(),
  /** What is being looked at now: `Front door: CAM-UPNP`. */
  current: z.string().nullable(),
});
export type Inspection = z.infer<typeof Inspection>;

/** The longest that a weakness can be accepted: a year. */
export const longestAcceptanceDays = 365;

export const AcceptFinding = z.strictObject({
  check: CheckId,
  camera: CameraId.nullable(),
  reason: z.string().trim().min(3).max(300),
  days: z.int().min(1).max(longestAcceptanceDays),
});
export type AcceptFinding = z.infer<typeof AcceptFinding>;

/** What is asked of the owner, because nothing can measure it. */
export const StateFinding = z.strictObject({
  check: CheckId.extract(["WIFI-GUEST", "WIFI-KRACK", "WIFI-SSID-RENAMED"]),
  holds: z.boolean(),
});
export type StateFinding = z.infer<typeof StateFinding>;

export const ProposeRemedy = z.strictObject({
  remedy: RemedyId,
  camera: CameraId,
  /** Speak the vendor's own words where ONVIF has none: they are unproven on hardware. */
  vendor: z.boolean().default(false),
  /** SHA-256 of the firmware file that was laid into the data folder, hexadecimal. */
  firmware: z
    .string()
    .regex(/^[\da-f]{64}$/, "64 hexadecimal digits")
    .optional(),
});
export type ProposeRemedy = z.infer<typeof ProposeRemedy>;

/**
 * `proposed` somebody wants it, the owner has yet to confirm. `applying`, `verifying` the camera is being changed and asked. `done` it was seen on
 * every plane. `undone` everything is as before. `failed` it did not take, and everything is as before unless `left` says what is not.
 */
export const RemedyState = z.enum([
  "proposed",
  "applying",
  "verifying",
  "undoing",
  "done",
  "undone",
  "failed",
  "declined",
]);
export type RemedyState = z.infer<typeof RemedyState>;

export const RemedyRun = z.strictObject({
  id: RemedyRunId,
  remedy: RemedyId,
  camera: CameraId,
  plane: RemedyPlane,
  /** Whether it was ever seen to work on a real camera. */
  proven: z.boolean(),
  state: RemedyState,
  /** What will be done, step by step. */
  steps: z.array(z.string()),
  /** What stops working: `The vendor's app no longer shows this camera`. */
  stops: z.array(z.string()),
  undoable: z.boolean(),
  proposedBy: z.strictObject({ id: PrincipalId, name: z.string() }),
  confirmedBy: z.strictObject({ id: PrincipalId, name: z.string() }).nullable(),
  proposedAt: Time,
  endedAt: Time.nullable(),
  /** What was seen on which plane afterwards. */
  evidence: z.array(z.string()),
  /** Why it failed, and what is not as before. */
  error: z.string().nullable(),
  left: z.string().nullable(),
  /** Until when nothing is done, and why: a camera that saw wrong passwords must not see more, one that is away is asked again. */
  waiting: z.strictObject({ until: Time, why: z.string() }).nullable(),
});
export type RemedyRun = z.infer<typeof RemedyRun>;

/** One mapping that the home's router holds. */
export const RouterMapping = z.strictObject({
  protocol: z.enum(["TCP", "UDP"]),
  externalPort: z.int().min(0).max(65_535),
  internalClient: z.string(),
  internalPort: z.int().min(0).max(65_535),
  description: z.string(),
  /** Seconds; 0 for good. */
  lease: z.int().nonnegative(),
  enabled: z.boolean(),
  /** The camera that it lets the internet reach. */
  camera: CameraId.nullable(),
});
export type RouterMapping = z.infer<typeof RouterMapping>;

/** What the home's router offers to whoever asks. */
export const RouterReport = z.strictObject({
  routers: z.array(
    z.strictObject({
      name: z.string(),
      address: z.string(),
      igd: z.enum(["1", "2"]).nullable(),
      natPmp: z.boolean(),
      pcp: z.boolean(),
      externalAddress: z.string().nullable(),
      /** The router's own page, where it names one. */
      page: z.url().nullable(),
      /** Its firewall for IPv6, and whether devices inside may ask for holes in it; null where it does not tell. */
      ipv6Firewall: z.strictObject({ enabled: z.boolean(), pinholes: z.boolean() }).nullable(),
      mappings: z.array(RouterMapping).max(512),
      /** Whether it told all that it holds: one that knows NAT-PMP or PCP alone tells nothing. */
      complete: z.boolean(),
    }),
  ),
  at: Time.nullable(),
});
export type RouterReport = z.infer<typeof RouterReport>;
