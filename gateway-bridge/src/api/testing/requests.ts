import type { RouteName } from "@gatehouse/shared";

import { here, session } from "./api-world.ts";
import { passkeyRequests } from "./passkey-expectations.ts";
import { peopleRequests } from "./people-expectations.ts";
import { postureRequests } from "./posture-expectations.ts";
import { remoteRequests } from "./remote-expectations.ts";
import { rightRequests } from "./right-expectations.ts";

const srtp = { key: Buffer.alloc(16).toString("base64"), salt: Buffer.alloc(14).toString("base64") };
const video = { payloadType: 99, maxBitrateKbps: 1, rtcpInterval: 1, mtu: 1378, width: 1, height: 1, fps: 1 };
/** One well-formed request to every route: its path and body. */
export const requests: Record<RouteName, { readonly path: string; readonly body?: unknown; readonly sdp?: string }> = {
  ...peopleRequests,
  ...passkeyRequests,
  ...rightRequests,
  ...remoteRequests,
  ...postureRequests,
  pair: { path: "/v1/pair", body: { secret: "A".repeat(22), kind: "node-red", publicKey: "AAAA" } },
  status: { path: "/v1/status" },
  events: { path: "/v1/events" },
  listCameras: { path: "/v1/cameras" },
  addCamera: { path: "/v1/cameras", body: { address: "192.0.2.1" } },
  discoverCameras: { path: "/v1/cameras/discover" },
  removeCamera: { path: `/v1/cameras/${here}` },
  snapshot: { path: `/v1/cameras/${here}/snapshot?width=640` },
  live: { path: `/v1/cameras/${here}/live` },
  clip: { path: `/v1/cameras/${here}/clip?before=5&after=1` },
  offerWebRtc: { path: `/v1/cameras/${here}/whep`, sdp: "v=0\r\n" },
  endWebRtc: { path: `/v1/webrtc-sessions/${session}` },
  prepareHomeKitSession: {
    path: `/v1/cameras/${here}/homekit-sessions`,
    body: { viewer: { address: "192.168.1.9", videoPort: 5000, videoSrtp: srtp } },
  },
  startHomeKitSession: { path: `/v1/homekit-sessions/${session}/start`, body: { video, audio: null } },
  endHomeKitSession: { path: `/v1/homekit-sessions/${session}` },
  offerPairing: {
    path: "/v1/pairing-offers",
    body: { kind: "node-red", name: "n", grants: [{ action: "events", camera: "*" }] },
  },
  addApplication: { path: "/v1/applications", body: { name: "n", grants: [{ action: "live", camera: "*" }] } },
  listPrincipals: { path: "/v1/principals" },
  revokePrincipal: { path: "/v1/principals/who-zzzzzzzzzzzzzzzz" },
  changeGrants: { path: "/v1/principals/who-zzzzzzzzzzzzzzzz/grants", body: [] },
  trust: { path: "/v1/trust" },
  trustPem: { path: "/trust/ca.pem" },
  trustDer: { path: "/trust/ca.crt" },
  trustProfile: { path: "/trust/ca.mobileconfig" },
  setDnsToken: { path: "/v1/trust/dns-token", body: { token: "t" } },
  dismissOwnNotice: { path: "/v1/me/notices/note-aaaaaaaaaaaaaaaa" },
  listNotices: { path: "/v1/notices" },
  dismissNotice: { path: "/v1/notices/note-aaaaaaaaaaaaaaaa" },
  confirmClock: { path: "/v1/clock/confirmation" },
  health: { path: "/v1/health" },
  metrics: { path: "/metrics" },
  openApi: { path: "/v1/openapi.json" },
  updateState: { path: "/v1/update" },
  listAudit: { path: "/v1/audit" },
  verifyAudit: { path: "/v1/audit/verify" },
  listAuditHeads: { path: "/v1/audit/heads" },
  exportAudit: { path: "/v1/audit/export" },
};
