import { z } from "zod";

import { CameraId, InspectionId, NewcomerId, RemedyRunId } from "./ids.ts";
import {
  AcceptFinding,
  CheckId,
  HomePosture,
  Inspection,
  Newcomer,
  ProposeRemedy,
  RemedyRun,
  RouterReport,
  StartInspection,
  StateFinding,
} from "./posture.ts";
import { camera, nothing, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;
const run = z.strictObject({ run: RemedyRunId });
/** Ids with a comma between them, in a query: without it all cameras, and the home. */
const cameras = z
  .string()
  .regex(/^cam-[a-z2-7]{16}(,cam-[a-z2-7]{16}){0,63}$/, "ids of cameras, with a comma between them")
  .optional();
/** A camera's findings are 45 KiB or so. */
const longest = 32 << 20;

/** What is weak about the cameras and the home around them, and what is done about it. */
export const postureRoutes = {
  posture: route({
    method: "GET",
    path: "/v1/posture",
    access: admin,
    query: z.strictObject({ cameras }),
    response: HomePosture,
    longest,
  }),
  /** The same as a page to print, or as SARIF 2.1.0: a file, because what cameras call themselves stands in it. */
  postureReport: route({
    method: "GET",
    path: "/v1/posture/report",
    access: admin,
    query: z.strictObject({ format: z.enum(["html", "sarif"]), cameras }),
    response: "file",
  }),
  /** The owner allows, or no longer allows, that a camera is looked at. */
  consentToInspection: route({
    method: "PUT",
    path: "/v1/cameras/:camera/inspection-consent",
    access: admin,
    params: camera,
    body: z.strictObject({ granted: z.boolean() }),
    response: nothing,
  }),
  /** One at a time: while one runs, that one is answered. */
  startInspection: route({
    method: "POST",
    path: "/v1/posture/inspections",
    access: admin,
    body: StartInspection,
    response: Inspection,
  }),
  inspection: route({
    method: "GET",
    path: "/v1/posture/inspections/:inspection",
    access: admin,
    params: z.strictObject({ inspection: InspectionId }),
    response: Inspection,
  }),
  stopInspection: route({
    method: "DELETE",
    path: "/v1/posture/inspections/:inspection",
    access: admin,
    params: z.strictObject({ inspection: InspectionId }),
    response: nothing,
  }),
  acceptFinding: route({
    method: "PUT",
    path: "/v1/posture/acceptances",
    access: admin,
    body: AcceptFinding,
    response: nothing,
  }),
  withdrawAcceptance: route({
    method: "DELETE",
    path: "/v1/posture/acceptances/:check",
    access: admin,
    params: z.strictObject({ check: CheckId }),
    query: z.strictObject({ camera: CameraId.optional() }),
    response: nothing,
  }),
  stateFinding: route({
    method: "PUT",
    path: "/v1/posture/statements",
    access: admin,
    body: StateFinding,
    response: nothing,
  }),
  /** Answers with what would be done and what stops working; nothing is done. Services may propose, too; they never confirm. */
  proposeRemedy: route({
    method: "POST",
    path: "/v1/cameras/:camera/remedies",
    access: { on: "camera", action: "control" },
    params: camera,
    body: ProposeRemedy.omit({ camera: true }),
    response: RemedyRun,
  }),
  listRemedies: route({ method: "GET", path: "/v1/posture/remedies", access: admin, response: z.array(RemedyRun) }),
  confirmRemedy: route({
    method: "POST",
    path: "/v1/posture/remedies/:run/confirm",
    access: { on: "gateway", action: "remedy" },
    params: run,
    response: RemedyRun,
  }),
  declineRemedy: route({
    method: "POST",
    path: "/v1/posture/remedies/:run/decline",
    access: { on: "gateway", action: "remedy" },
    params: run,
    response: RemedyRun,
  }),
  undoRemedy: route({
    method: "POST",
    path: "/v1/posture/remedies/:run/undo",
    access: { on: "gateway", action: "remedy" },
    params: run,
    response: RemedyRun,
  }),
  /** As it was seen at the last look; asks the router now if `fresh`. */
  router: route({
    method: "GET",
    path: "/v1/posture/router",
    access: admin,
    query: z.strictObject({ fresh: z.stringbool().optional() }),
    response: RouterReport,
  }),
  listNewcomers: route({
    method: "GET",
    path: "/v1/posture/newcomers",
    access: admin,
    response: z.array(Newcomer),
  }),
  dismissNewcomer: route({
    method: "DELETE",
    path: "/v1/posture/newcomers/:newcomer",
    access: admin,
    params: z.strictObject({ newcomer: NewcomerId }),
    response: nothing,
  }),
  /** Takes newer rules about firmware, signed by Gatehouse's own key, from the data folder. */
  updateAdvisories: route({
    method: "POST",
    path: "/v1/posture/advisories",
    access: admin,
    body: z.strictObject({ note: z.string().max(900_000) }),
    response: z.strictObject({ issued: z.int().nonnegative(), rules: z.int().nonnegative() }),
  }),
  /** A ruleset of nftables for a box that routes the cameras' network. */
  isolationRuleset: route({
    method: "GET",
    path: "/v1/posture/isolation",
    access: admin,
    query: z.strictObject({ interface: z.string().regex(/^[\w.-]{1,15}$/) }),
    response: "file",
  }),
} satisfies Record<string, Route>;
