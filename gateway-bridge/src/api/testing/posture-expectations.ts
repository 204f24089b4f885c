import { InspectionId, NewcomerId, PrincipalId, RemedyRunId } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";

const camera = fakeCameraId("a");
const inspection = InspectionId.parse("look-aaaaaaaaaaaaaaaa");
const newcomer = NewcomerId.parse("new-aaaaaaaaaaaaaaaa");
const mend = RemedyRunId.parse("mend-aaaaaaaaaaaaaaaa");
const who = { id: PrincipalId.parse("who-zzzzzzzzzzzzzzzz"), name: "Ann" };

const look = {
  id: inspection,
  state: "running" as const,
  startedAt: 1,
  endedAt: null,
  done: 0,
  total: 9,
  current: null,
};
const run = {
  ...{ id: mend, remedy: "discovery-off" as const, camera, plane: "onvif" as const, proven: true },
  ...{ state: "proposed" as const, steps: ["Switch it off."], stops: [], undoable: true, proposedBy: who },
  ...{ confirmedBy: null, proposedAt: 1, endedAt: null, evidence: [], error: null, left: null, waiting: null },
};
const tally = { critical: 0, high: 0, medium: 0, low: 0, accepted: 0, unknown: 0 };
/** One that can be read each time that it is answered. */
const file = (name: string, contentType: string) => ({
  name,
  contentType,
  chunks: {
    [Symbol.asyncIterator]: async function* () {
      yield Buffer.from(name);
    },
  },
});

/** A well-formed answer of every route about weaknesses. */
export const postureSamples = {
  posture: {
    ...{ grade: "A" as const, tally, cameras: [], findings: [], trend: [], newcomers: [], next: null },
    advisories: { issued: 1, rules: 2 },
  },
  postureReport: file("gatehouse-posture.html", "text/html; charset=utf-8"),
  consentToInspection: {},
  startInspection: look,
  inspection: look,
  stopInspection: {},
  acceptFinding: {},
  withdrawAcceptance: {},
  stateFinding: {},
  proposeRemedy: run,
  listRemedies: [run],
  confirmRemedy: run,
  declineRemedy: run,
  undoRemedy: run,
  router: { routers: [], at: null },
  listNewcomers: [],
  dismissNewcomer: {},
  updateAdvisories: { issued: 1, rules: 2 },
  isolationRuleset: file("gatehouse.nft", "text/plain; charset=utf-8"),
};

export const postureRequests = {
  posture: { path: "/v1/posture" },
  postureReport: { path: "/v1/posture/report?format=html" },
  consentToInspection: { path: `/v1/cameras/${camera}/inspection-consent`, body: { granted: true } },
  startInspection: { path: "/v1/posture/inspections", body: {} },
  inspection: { path: `/v1/posture/inspections/${inspection}` },
  stopInspection: { path: `/v1/posture/inspections/${inspection}` },
  acceptFinding: {
    path: "/v1/posture/acceptances",
    body: { check: "NET-HTTP", camera, reason: "its HTTPS is broken", days: 90 },
  },
  withdrawAcceptance: { path: `/v1/posture/acceptances/NET-HTTP?camera=${camera}` },
  stateFinding: { path: "/v1/posture/statements", body: { check: "WIFI-GUEST", holds: true } },
  proposeRemedy: { path: `/v1/cameras/${camera}/remedies`, body: { remedy: "discovery-off" } },
  listRemedies: { path: "/v1/posture/remedies" },
  confirmRemedy: { path: `/v1/posture/remedies/${mend}/confirm` },
  declineRemedy: { path: `/v1/posture/remedies/${mend}/decline` },
  undoRemedy: { path: `/v1/posture/remedies/${mend}/undo` },
  router: { path: "/v1/posture/router" },
  listNewcomers: { path: "/v1/posture/newcomers" },
  dismissNewcomer: { path: `/v1/posture/newcomers/${newcomer}` },
  updateAdvisories: { path: "/v1/posture/advisories", body: { note: "a note" } },
  isolationRuleset: { path: "/v1/posture/isolation?interface=wlan1" },
};

/** Whoever may `control` a camera proposes; `remedy`, which no service can hold, confirms. */
export const mayCallAboutPosture = {
  posture: "admin",
  postureReport: "admin",
  consentToInspection: "admin",
  startInspection: "admin",
  inspection: "admin",
  stopInspection: "admin",
  acceptFinding: "admin",
  withdrawAcceptance: "admin",
  stateFinding: "admin",
  proposeRemedy: "control",
  listRemedies: "admin",
  confirmRemedy: "remedy",
  declineRemedy: "remedy",
  undoRemedy: "remedy",
  router: "admin",
  listNewcomers: "admin",
  dismissNewcomer: "admin",
  updateAdvisories: "admin",
  isolationRuleset: "admin",
} as const;

export const auditedAboutPosture = {
  posture: false,
  postureReport: true,
  consentToInspection: true,
  startInspection: true,
  inspection: false,
  stopInspection: true,
  acceptFinding: true,
  withdrawAcceptance: true,
  stateFinding: true,
  proposeRemedy: true,
  listRemedies: false,
  confirmRemedy: true,
  declineRemedy: true,
  undoRemedy: true,
  router: false,
  listNewcomers: false,
  dismissNewcomer: true,
  updateAdvisories: true,
  isolationRuleset: true,
};
