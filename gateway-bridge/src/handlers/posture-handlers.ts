import { CameraId } from "@gatehouse/shared";
import { Readable } from "node:stream";

import type { FileAnswer, Handlers } from "../api/handlers.ts";
import type { PosturePlane } from "../posture-plane.ts";

type LookRoutes =
  | "posture"
  | "postureReport"
  | "consentToInspection"
  | "startInspection"
  | "inspection"
  | "stopInspection"
  | "listNewcomers"
  | "dismissNewcomer";
type OwnerRoutes = "acceptFinding" | "withdrawAcceptance" | "stateFinding" | "updateAdvisories";
type RemedyRoutes = "proposeRemedy" | "listRemedies" | "confirmRemedy" | "declineRemedy" | "undoRemedy";
type HomeRoutes = "router" | "isolationRuleset";

/** What is weak about the cameras, and what is done about it. */
export const postureHandlers = (
  parts: PosturePlane,
): Pick<Handlers, LookRoutes | OwnerRoutes | RemedyRoutes | HomeRoutes> => ({
  ...looks(parts),
  ...owners(parts),
  ...remedies(parts),
  ...home(parts),
});

const contentTypes = { html: "text/html; charset=utf-8", sarif: "application/sarif+json; charset=utf-8" } as const;

const listOf = (text: string | undefined): readonly CameraId[] | undefined =>
  text?.split(",").map((id) => CameraId.parse(id));

const fileOf = (name: string, contentType: string, text: string): FileAnswer => ({
  name,
  contentType,
  chunks: Readable.from([Buffer.from(text)]),
});

const looks = ({ inspector, newcomers }: PosturePlane): Pick<Handlers, LookRoutes> => ({
  posture: async ({ query }) => inspector.posture(listOf(query.cameras)),
  postureReport: async ({ query: { format, cameras } }) =>
    fileOf(`gatehouse-posture.${format}`, contentTypes[format], inspector.report(format, listOf(cameras))),
  consentToInspection: async ({ params, body }) => {
    inspector.consent(params.camera, body.granted);
    return {};
  },
  startInspection: async ({ body }) => inspector.start(body),
  inspection: async ({ params }) => inspector.current(params.inspection),
  stopInspection: async ({ params }) => {
    inspector.stop(params.inspection);
    return {};
  },
  listNewcomers: async () => [...newcomers.list()],
  dismissNewcomer: async ({ params }) => {
    newcomers.dismiss(params.newcomer);
    return {};
  },
});

const owners = ({ inspector, advisories }: PosturePlane): Pick<Handlers, OwnerRoutes> => ({
  acceptFinding: async ({ principal, body }) => {
    inspector.accept(body, principal);
    return {};
  },
  withdrawAcceptance: async ({ principal, params, query }) => {
    inspector.withdraw({ check: params.check, camera: query.camera ?? null }, principal);
    return {};
  },
  stateFinding: async ({ principal, body }) => {
    inspector.state(body, principal);
    return {};
  },
  updateAdvisories: async ({ body }) => advisories.update(body.note),
});

const remedies = ({ remedyRuns }: PosturePlane): Pick<Handlers, RemedyRoutes> => ({
  proposeRemedy: ({ principal, params, body, signal }) =>
    remedyRuns.propose({ ...body, camera: params.camera }, principal, { signal }),
  listRemedies: async () => remedyRuns.list(),
  confirmRemedy: async ({ principal, params }) => remedyRuns.confirm(params.run, principal),
  declineRemedy: async ({ principal, params }) => remedyRuns.decline(params.run, principal),
  undoRemedy: async ({ principal, params }) => remedyRuns.undo(params.run, principal),
});

const home = ({ router, isolation }: PosturePlane): Pick<Handlers, HomeRoutes> => ({
  router: ({ query, signal }) => router.latest({ fresh: query.fresh === true }, { signal }),
  isolationRuleset: async ({ query }) =>
    fileOf("gatehouse.nft", "text/plain; charset=utf-8", isolation.ruleset(query.interface)),
});
