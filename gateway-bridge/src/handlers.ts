import {
  GatehouseError,
  type ApplicationCredential,
  type Camera,
  type CameraId,
  type Cancellable,
  type NewApplication,
  type PrepareHomeKitSession,
  type Status,
} from "@gatehouse/shared";

import type { Pairing } from "./access/pairing.ts";
import type { Handlers } from "./api/handlers.ts";
import type { CameraStates } from "./camera-states.ts";
import type { LiveViews } from "./consumers/fmp4/live-views.ts";
import { addressBlock } from "./domain/address-block.ts";
import { decideAccess, visibleCameras } from "./domain/access-policy.ts";
import type { CameraRecord } from "./domain/camera.ts";
import type { Circumstances, Standing } from "./domain/circumstances.ts";
import { isOwnAddress } from "./domain/own-address-policy.ts";
import type { SessionOwner } from "./domain/session-filter.ts";
import { reachableAddress } from "./domain/reachable-address-policy.ts";
import type { Door, GatewayOptions } from "./door.ts";
import { browserWish, healthOfCameras, type MediaPlane } from "./media-plane.ts";
import type { Stream } from "./media/stream.ts";
import { auditHandlers, verifyLog } from "./handlers/audit-handlers.ts";
import { doorHandlers } from "./handlers/door-handlers.ts";
import { clockHandlers } from "./handlers/clock-handlers.ts";
import { gatewayWarnings } from "./handlers/gateway-warnings.ts";
import { grantHandlers } from "./handlers/grant-handlers.ts";
import { guestHandlers } from "./handlers/guest-handlers.ts";
import { noticeHandlers } from "./handlers/notice-handlers.ts";
import { passkeyHandlers } from "./handlers/passkey-handlers.ts";
import { createPeopleHandlers } from "./handlers/people-handlers.ts";
import { trustHandlers } from "./handlers/trust-handlers.ts";
import { openApiHandlers } from "./handlers/openapi-handlers.ts";
import { updateHandlers } from "./handlers/update-handlers.ts";
import { postureHandlers } from "./handlers/posture-handlers.ts";
import { remoteHandlers } from "./handlers/remote-handlers.ts";
import { roleHandlers } from "./handlers/role-handlers.ts";
import type { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import type { PosturePlane } from "./posture-plane.ts";
import type { RemotePlane } from "./remote-plane.ts";
import type { Caller } from "./ports.ts";
import { version } from "./version.ts";

/** The parts of a gateway that its routes act on. */
export interface HandlerParts extends GatewayOptions, Door, MediaPlane, RemotePlane {
  readonly name: string;
  readonly started: number;
  readonly listen: () => string;
  /** `host:port` at which others reach the gateway. */
  readonly reachable: () => string;
  readonly pairing: Pairing;
  readonly metrics: GatewayMetrics;
  readonly posture: PosturePlane;
  /** Views over WebSockets. */
  readonly live: LiveViews;
}

/** A camera as others see it: its address, pin and login stay inside. */
export const viewOf = (record: CameraRecord, states: CameraStates): Camera => {
  const { manufacturer, model, firmware, serial, tiers, audio, snapshot, motion, talk } = record.description;
  const { id, name, kind, warm } = record;
  return {
    id,
    name,
    kind,
    manufacturer,
    model,
    firmware,
    serial,
    tiers: [...tiers],
    audio,
    snapshot,
    motion,
    talk,
    warm,
    state: states.of(id),
  };
};

/** What each route does, once the caller was found to be allowed. */
export const createHandlers = (parts: HandlerParts): Handlers => ({
  ...gatewayHandlers(parts),
  ...doorHandlers(parts),
  ...openApiHandlers(),
  ...updateHandlers(parts),
  ...createPeopleHandlers(parts),
  ...passkeyHandlers(parts),
  ...auditHandlers(parts),
  ...grantHandlers(parts),
  ...roleHandlers(parts),
  ...guestHandlers(parts),
  ...trustHandlers(parts),
  ...noticeHandlers(parts),
  ...clockHandlers(parts),
  ...remoteHandlers(parts),
  ...postureHandlers(parts.posture),
  ...cameraHandlers(parts),
  ...viewingHandlers(parts),
});

type GatewayRoutes = "pair" | "status" | "offerPairing" | "addApplication" | "revokePrincipal" | "metrics";

const gatewayHandlers = (parts: HandlerParts): Pick<Handlers, GatewayRoutes> => {
  const { pairing, principals, metrics } = parts;
  return {
    pair: ({ body, peer, signal }) => pairing.redeem(body, { peer, signal }),
    status: ({ signal }) => statusOf(parts, { signal }),
    offerPairing: async ({ body }) => pairing.offer(body),
    addApplication: ({ body }) => addApplication(parts, body),
    revokePrincipal: async ({ params }) => {
      principals.revoke(params.principal);
      return {};
    },
    metrics: () => metrics.render(),
  };
};

type CameraRoutes = "listCameras" | "addCamera" | "discoverCameras" | "removeCamera" | "snapshot" | "health";

const cameraHandlers = (parts: HandlerParts): Pick<Handlers, CameraRoutes> => {
  const { cameras, states } = parts;
  return {
    listCameras: async ({ principal, ...standing }) =>
      visibleCameras(principal, cameras.list(), circumstancesOf(parts, standing)).map((record) =>
        viewOf(record, states),
      ),
    addCamera: async ({ body, signal }) => viewOf(await cameras.add(body, { signal }), states),
    discoverCameras: ({ signal }) => cameras.discover({ signal }),
    removeCamera: async ({ params }) => {
      await cameras.remove(params.camera);
      return {};
    },
    snapshot: ({ params, query, signal }) => cameras.snapshot(params.camera, query, { signal }),
    health: async ({ principal, ...standing }) => {
      const circumstances = circumstancesOf(parts, standing);
      const governs = decideAccess(principal, { action: "admin", camera: "*" }, circumstances).kind === "allow";
      const media = healthOfCameras(parts, visibleCameras(principal, cameras.list(), circumstances));
      return { ...media, gateway: governs ? gatewayWarnings(parts) : [] };
    },
  };
};

type ViewingRoutes =
  "live" | "clip" | "offerWebRtc" | "endWebRtc" | "prepareHomeKitSession" | "startHomeKitSession" | "endHomeKitSession";

/** What every browser plays live. */
const liveCodecs = { video: ["h264"], audio: ["aac", "opus"] } as const;

const viewingHandlers = (parts: HandlerParts): Pick<Handlers, ViewingRoutes> => {
  const { streams, tierFor, homekit, webrtc, clips, live, clock, log } = parts;
  return {
    live: async ({ params: { camera }, query, socket, signal, ...caller }) => {
      const tier = query.tier ?? tierFor(camera, { ...browserWish, ...query });
      const playable = (cancel: Cancellable): Promise<Stream> => streams.playable(camera, tier, liveCodecs, cancel);
      const stream = await playable({ signal });
      const owner = viewerOf(caller, camera);
      live.open({ owner, stream, again: playable, socket, clock, log });
    },
    clip: async ({ params: { camera }, query, signal, ...caller }) => {
      // A file, which is kept, may need a player for H.265: only the camera's own stream has the past.
      const stream = streams.of(camera, query.tier ?? "main");
      const [beforeMs, afterMs] = [query.before * 1_000, query.after * 1_000];
      return clips.record({ ...viewerOf(caller, camera), stream, beforeMs, afterMs }, { signal });
    },
    offerWebRtc: async ({ params: { camera }, query, body: sdp, peer, browser: { visitor }, signal, ...caller }) => {
      if (visitor !== undefined) throw noWayForMedia();
      const fromHere = isOwnAddress(peer, parts.interfaces());
      const talk = mayTalk(parts, caller, camera);
      const owner = viewerOf({ ...caller, peer }, camera);
      const answer = await webrtc.offer({ ...owner, sdp, talk, fromHere, ...query }, { signal });
      return { id: answer.session, sdp: answer.sdp };
    },
    endWebRtc: async ({ params }) => {
      webrtc.end(params.session);
      return {};
    },
    prepareHomeKitSession: ({ params: { camera }, body, peer, signal, ...caller }) => {
      const believed = withoutForeignClaim(body, isOwnAddress(peer, parts.interfaces()));
      const talk = mayTalk(parts, caller, camera);
      const owner = viewerOf({ ...caller, peer }, camera);
      return homekit.prepare({ ...owner, body: believed, talk }, { signal });
    },
    startHomeKitSession: async ({ params, body }) => {
      await homekit.start(params.session, body);
      return {};
    },
    endHomeKitSession: async ({ params }) => {
      homekit.end(params.session);
      return {};
    },
  };
};

/** Its packets would go straight to the viewer, and to one behind the relay there is no way but the relay's, which they do not take. */
const noWayForMedia = (): GatehouseError =>
  new GatehouseError("not-through-relay", "WebRTC does not go through the relay");

const circumstancesOf = ({ clock }: HandlerParts, { place, assurance }: Standing): Circumstances => ({
  now: clock.now(),
  place,
  assurance,
});

const viewerOf = (
  { principal, place, assurance, login, peer }: Caller & { readonly peer: string },
  camera: CameraId,
): SessionOwner => ({
  principal: principal.id,
  camera,
  place,
  assurance,
  login: login?.id,
  block: addressBlock(peer),
});

const mayTalk = (parts: HandlerParts, { principal, ...standing }: Caller, camera: CameraId): boolean =>
  decideAccess(principal, { action: "talk", camera }, circumstancesOf(parts, standing)).kind === "allow";

const statusOf = async (parts: HandlerParts, cancel: Cancellable): Promise<Status> => {
  const { rows, intact } = await verifyLog(parts, { ...cancel, anew: false });
  return {
    gateway: { id: parts.identity.id, name: parts.name, version, started: parts.started },
    listen: parts.listen(),
    cameras: parts.cameras.list().length,
    principals: parts.principals.list().filter(({ revoked }) => revoked === null).length,
    streams: [...parts.streams.status()],
    audit: { rows, intact },
  };
};

/**
 * The local address that a plugin names counts only if it runs on this box: with one on another, a stolen identity could aim
 * video at services that listen on our loopback.
 */
const withoutForeignClaim = (body: PrepareHomeKitSession, fromHere: boolean): PrepareHomeKitSession => {
  const { localAddress, ...rest } = body;
  return fromHere && localAddress !== undefined ? { ...rest, localAddress } : rest;
};

const addApplication = async (parts: HandlerParts, body: NewApplication): Promise<ApplicationCredential> => {
  const { applications, cameras, config, interfaces, rtsp } = parts;
  const { principal, username, password } = applications.create(body);
  const ports = await rtsp.ports().catch((error: unknown) => {
    // The password would never be shown: nobody could use this login, nor know that it is there.
    parts.principals.revoke(principal.id);
    throw error;
  });
  const host = config.rtsp.host ?? config.listen.host;
  const at = reachableAddress(`${host.includes(":") ? `[${host}]` : host}:${ports?.secure ?? 0}`, interfaces());
  const reader = circumstancesOf(parts, { place: "home", assurance: "one" });
  const viewable = cameras
    .list()
    .filter(({ id: camera }) => decideAccess(principal, { action: "live", camera }, reader).kind === "allow");
  return {
    principal: principal.id,
    username,
    password: password.reveal(),
    rtsp: viewable.flatMap(({ id: camera, name, description }) =>
      description.tiers
        .filter(({ codec }) => codec !== "jpeg")
        .map(({ name: tier }) => ({ camera, name, tier, url: `rtsps://${at}/${camera}/${tier}` })),
    ),
  };
};
