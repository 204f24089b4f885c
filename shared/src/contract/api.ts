import { z } from "zod";

import { ApplicationCredential, NewApplication } from "./application.ts";
import { auditRoutes } from "./audit-routes.ts";
import { AddCamera, Camera, DiscoveredCamera, TierName } from "./camera.ts";
import { AuditRow, ListedPrincipal, Status } from "./gateway.ts";
import { clockRoutes } from "./clock-routes.ts";
import { grantRoutes } from "./grant-routes.ts";
import { guestRoutes } from "./guest-routes.ts";
import { GatewayHealth } from "./health.ts";
import { PreparedHomeKitSession, PrepareHomeKitSession, StartHomeKitSession } from "./homekit.ts";
import { PrincipalId } from "./ids.ts";
import { Sdp } from "./live.ts";
import { noticeRoutes } from "./notice-routes.ts";
import { openApiRoutes } from "./openapi-routes.ts";
import { OfferPairing, Pair, Paired, PairingOffer } from "./pairing.ts";
import { passkeyRoutes } from "./passkey-routes.ts";
import { peopleRoutes } from "./people-routes.ts";
import { postureRoutes } from "./posture-routes.ts";
import { remoteRoutes } from "./remote-routes.ts";
import { roleRoutes } from "./role-routes.ts";
import { camera, liveQuery, nothing, QueryInt, QuerySeconds, route, session, type Route } from "./route.ts";
import { trustRoutes } from "./trust-routes.ts";
import { updateRoutes } from "./update-routes.ts";

/** Everything that can be asked of a gateway. Both ends are built from this table. */
export const routes = {
  pair: route({ method: "POST", path: "/v1/pair", access: { on: "pairing" }, body: Pair, response: Paired }),
  status: route({ method: "GET", path: "/v1/status", access: { on: "gateway", action: "admin" }, response: Status }),
  events: route({ method: "GET", path: "/v1/events", access: { on: "paired" }, response: "websocket" }),

  listCameras: route({ method: "GET", path: "/v1/cameras", access: { on: "paired" }, response: z.array(Camera) }),
  addCamera: route({
    method: "POST",
    path: "/v1/cameras",
    access: { on: "gateway", action: "admin" },
    body: AddCamera,
    response: Camera,
  }),
  discoverCameras: route({
    method: "POST",
    path: "/v1/cameras/discover",
    access: { on: "gateway", action: "admin" },
    response: z.array(DiscoveredCamera),
  }),
  removeCamera: route({
    method: "DELETE",
    path: "/v1/cameras/:camera",
    access: { on: "gateway", action: "admin" },
    params: camera,
    response: nothing,
  }),
  snapshot: route({
    method: "GET",
    path: "/v1/cameras/:camera/snapshot",
    access: { on: "camera", action: "snapshot" },
    params: camera,
    query: z.strictObject({
      width: QueryInt.optional(),
      height: QueryInt.optional(),
      /** Asks the camera now, instead of taking a picture of the last seconds. */
      fresh: z.stringbool().optional(),
    }),
    response: "jpeg",
  }),
  live: route({
    method: "GET",
    path: "/v1/cameras/:camera/live",
    access: { on: "camera", action: "live" },
    params: camera,
    query: z.strictObject(liveQuery),
    response: "websocket",
  }),
  clip: route({
    method: "GET",
    path: "/v1/cameras/:camera/clip",
    access: { on: "camera", action: "clip" },
    params: camera,
    query: z.strictObject({
      /** Seconds before now, as far as the gateway has them, and seconds from now on. */
      before: QuerySeconds.default(0),
      after: QuerySeconds.default(10),
      tier: TierName.optional(),
    }),
    response: "mp4",
  }),

  offerWebRtc: route({
    method: "POST",
    path: "/v1/cameras/:camera/whep",
    access: { on: "camera", action: "live" },
    params: camera,
    query: z.strictObject(liveQuery),
    body: Sdp,
    response: "sdp",
  }),
  endWebRtc: route({
    method: "DELETE",
    path: "/v1/webrtc-sessions/:session",
    access: { on: "session", action: "live" },
    params: session,
    response: nothing,
  }),

  prepareHomeKitSession: route({
    method: "POST",
    path: "/v1/cameras/:camera/homekit-sessions",
    access: { on: "camera", action: "live" },
    browsers: false,
    params: camera,
    body: PrepareHomeKitSession,
    response: PreparedHomeKitSession,
  }),
  startHomeKitSession: route({
    method: "POST",
    path: "/v1/homekit-sessions/:session/start",
    access: { on: "session", action: "live" },
    params: session,
    body: StartHomeKitSession,
    response: nothing,
  }),
  endHomeKitSession: route({
    method: "DELETE",
    path: "/v1/homekit-sessions/:session",
    access: { on: "session", action: "live" },
    params: session,
    response: nothing,
  }),

  offerPairing: route({
    method: "POST",
    path: "/v1/pairing-offers",
    access: { on: "gateway", action: "admin" },
    body: OfferPairing,
    response: PairingOffer,
  }),
  addApplication: route({
    method: "POST",
    path: "/v1/applications",
    access: { on: "gateway", action: "admin" },
    body: NewApplication,
    response: ApplicationCredential,
  }),
  listPrincipals: route({
    method: "GET",
    path: "/v1/principals",
    access: { on: "gateway", action: "admin" },
    response: z.array(ListedPrincipal),
  }),
  revokePrincipal: route({
    method: "DELETE",
    path: "/v1/principals/:principal",
    access: { on: "gateway", action: "admin" },
    params: z.strictObject({ principal: PrincipalId }),
    response: nothing,
  }),
  ...grantRoutes,
  ...roleRoutes,
  ...guestRoutes,
  ...trustRoutes,
  ...openApiRoutes,
  ...updateRoutes,
  health: route({ method: "GET", path: "/v1/health", access: { on: "paired" }, response: GatewayHealth }),
  metrics: route({
    method: "GET",
    path: "/metrics",
    access: { on: "gateway", action: "metrics" },
    response: "text",
  }),
  listAudit: route({
    method: "GET",
    path: "/v1/audit",
    access: { on: "gateway", action: "admin" },
    query: z.strictObject({
      before: z.coerce.number().int().positive().optional(),
      limit: QueryInt.max(1_000).optional(),
    }),
    response: z.array(AuditRow),
  }),
  ...auditRoutes,
  ...peopleRoutes,
  ...noticeRoutes,
  ...clockRoutes,
  ...passkeyRoutes,
  ...remoteRoutes,
  ...postureRoutes,
} satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
type Parsed<T> = T extends z.ZodType ? z.infer<T> : never;
type Sent<T> = T extends z.ZodType ? z.input<T> : never;

/** What a handler receives. */
export interface RouteRequest<N extends RouteName> {
  readonly params: Parsed<(typeof routes)[N]["params"]>;
  readonly query: Parsed<(typeof routes)[N]["query"]>;
  readonly body: Parsed<(typeof routes)[N]["body"]>;
}

/** What a client sends. */
export interface RouteCall<N extends RouteName> {
  readonly params: Sent<(typeof routes)[N]["params"]>;
  readonly query: Sent<(typeof routes)[N]["query"]>;
  readonly body: Sent<(typeof routes)[N]["body"]>;
}

/** The routes that answer with JSON. */
export type JsonRouteName = {
  [N in RouteName]: (typeof routes)[N]["response"] extends z.ZodType ? N : never;
}[RouteName];
/** The routes that answer with a file. */
export type FileRouteName = {
  [N in RouteName]: (typeof routes)[N]["response"] extends "file" ? N : never;
}[RouteName];
export type RouteAnswer<N extends JsonRouteName> = Parsed<(typeof routes)[N]["response"]>;
