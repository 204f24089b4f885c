import type { RemedyId } from "@gatehouse/shared";

/** Suites of test/e2e in which programs that know nothing of Gatehouse look at a camera before and after: `NAME.test.ts`. */
export type JudgingSuite =
  "posture-remedies" | "posture-remedies-keys" | "posture-remedies-network" | "vendor-remedies";

/** Where what each remedy does is seen by others. One that nobody judges does not compile. */
export const judgedRemedies = {
  initialise: "posture-remedies-keys",
  "rotate-password": "posture-remedies",
  "streaming-user": "posture-remedies",
  "remove-users": "posture-remedies-network",
  "tls-on": "posture-remedies",
  "tls-harden": "posture-remedies-keys",
  repin: "posture-remedies-keys",
  "rtsp-login": "vendor-remedies",
  "onvif-login": "vendor-remedies",
  "rtsps-on": "posture-remedies-keys",
  "hashing-sha256": "posture-remedies-network",
  "replay-protection": "vendor-remedies",
  "upnp-off": "vendor-remedies",
  "p2p-off": "vendor-remedies",
  "mapping-delete": "vendor-remedies",
  "telnet-off": "vendor-remedies",
  "ftp-off": "vendor-remedies",
  "ssh-off": "vendor-remedies",
  "http-off": "posture-remedies",
  "ddns-off": "posture-remedies-network",
  "push-off": "vendor-remedies",
  "discovery-off": "posture-remedies",
  "ipv6-off": "posture-remedies-network",
  "egress-off": "posture-remedies-network",
  "clock-set": "posture-remedies",
  "password-policy": "posture-remedies-network",
  "ip-filter": "posture-remedies-network",
  "auto-update-on": "vendor-remedies",
  "firmware-install": "vendor-remedies",
} as const satisfies Readonly<Record<RemedyId, JudgingSuite>>;

/** What a suite has to judge, in the order of the alphabet. */
export const judgedIn = (suite: JudgingSuite): readonly RemedyId[] =>
  (Object.keys(judgedRemedies) as RemedyId[]).filter((id) => judgedRemedies[id] === suite).toSorted();
