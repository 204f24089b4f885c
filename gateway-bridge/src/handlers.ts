import {
  GatehouseError,
  type Camera,
  type Cancellable,
  type Clock,
  type PrepareHomeKitSession,
  type Status,
} from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import type { GatewayIdentity } from "./access/gateway-identity.ts";
import type { Pairing } from "./access/pairing.ts";
import type { Principals } from "./access/principals.ts";
import type { Handlers } from "./api/handlers.ts";
import type { AuditLog } from "./audit/audit-log.ts";
import type { CameraStates } from "./camera-states.ts";
import type { Cameras } from "./cameras/cameras.ts";
import type { HomeKitSessions } from "./consumers/homekit/homekit-sessions.ts";
import { decideAccess, visibleCameras } from "./domain/access-policy.ts";
import type { CameraRecord } from "./domain/camera.ts";
import { isOwnAddress } from "./domain/own-address-policy.ts";
import type { Streams } from "./media/streams.ts";
import { version } from "./version.ts";

/** The parts of a gateway that its routes act on. */
export interface HandlerParts {
  readonly name: string;
  readonly started: number;
  readonly listen: () => string;
  readonly clock: Clock;
  readonly interfaces: typeof networkInterfaces;
  readonly identity: GatewayIdentity;
  readonly principals: Principals;
  readonly pairing: Pairing;
  readonly audit: AuditLog;
  readonly cameras: Cameras;
  readonly states: CameraStates;
  readonly streams: Streams;
  readonly homekit: HomeKitSessions;
}

/** A camera as others see it: its address, pin and login stay inside. */
export const viewOf = (record: CameraRecord, states: CameraStates): Camera => {
  const { manufacturer, model, firmware, serial, tiers, audio, snapshot, motion } = record.description;
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
    warm,
    state: states.of(id),
  };
};

const statusOf = async (parts: HandlerParts, cancel: Cancellable): Promise<Status> => {
  const { rows, intact } = await parts.audit.verifyInSlices(cancel);
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

const notYet = (): Promise<never> => Promise.reject(new GatehouseError("not-found", "this gateway does not serve it"));

/** What each route does, once the caller was found to be allowed. */
export const createHandlers = (parts: HandlerParts): Handlers => {
  const { cameras, states, homekit, pairing, principals, audit } = parts;
  return {
    pair: ({ body, signal }) => pairing.redeem(body, { signal }),
    status: ({ signal }) => statusOf(parts, { signal }),

    listCameras: async ({ principal }) =>
      visibleCameras(principal, cameras.list()).map((record) => viewOf(record, states)),
    addCamera: async ({ body, signal }) => viewOf(await cameras.add(body, { signal }), states),
    discoverCameras: ({ signal }) => cameras.discover({ signal }),
    removeCamera: async ({ params }) => {
      await cameras.remove(params.camera);
      return {};
    },
    live: () => notYet(),
    clip: () => notYet(),
    offerWebRtc: () => notYet(),
    endWebRtc: () => notYet(),
    addApplication: () => notYet(),
    health: () => notYet(),
    metrics: () => notYet(),
    snapshot: ({ params, query, signal }) => cameras.snapshot(params.camera, query, { signal }),

    prepareHomeKitSession: ({ principal, params, body, peer, signal }) => {
      const believed = withoutForeignClaim(body, isOwnAddress(peer, parts.interfaces()));
      const { camera } = params;
      const talk = decideAccess(principal, { action: "talk", camera }).kind === "allow";
      return homekit.prepare({ principal: principal.id, camera, body: believed, talk }, { signal });
    },
    startHomeKitSession: async ({ params, body }) => {
      await homekit.start(params.session, body);
      return {};
    },
    endHomeKitSession: async ({ params }) => {
      homekit.end(params.session);
      return {};
    },

    offerPairing: async ({ body }) => pairing.offer(body),
    listPrincipals: async () => [...principals.list()],
    revokePrincipal: async ({ params }) => {
      principals.revoke(params.principal);
      return {};
    },
    listAudit: async ({ query }) => [...audit.list(query)],
  };
};
