import { z } from "zod";

import { Grant, PrincipalKind } from "./grant.ts";
import { CameraId, GatewayId, Name, PrincipalId, RoleId, Time } from "./ids.ts";

export const Principal = z.strictObject({
  id: PrincipalId,
  name: Name,
  kind: PrincipalKind,
  /** All that it may do. */
  grants: z.array(Grant),
  created: Time,
  revoked: Time.nullable(),
});
export type Principal = z.infer<typeof Principal>;

/** One with where its grants come from. */
export const ListedPrincipal = Principal.extend({
  /** Those of its own, without its roles'. */
  own: z.array(Grant),
  roles: z.array(RoleId),
});
export type ListedPrincipal = z.infer<typeof ListedPrincipal>;

export const StreamStatus = z.strictObject({
  camera: CameraId,
  tier: z.enum(["main", "sub", "third"]),
  viewers: z.int(),
  /** Upstream connections opened since the gateway started, reconnects included. */
  connects: z.int(),
  accessUnits: z.int(),
  bytes: z.int(),
  /** Access units that slow viewers did not get. */
  dropped: z.int(),
});
export type StreamStatus = z.infer<typeof StreamStatus>;

export const Status = z.strictObject({
  gateway: z.strictObject({ id: GatewayId, name: Name, version: z.string(), started: Time }),
  listen: z.string(),
  cameras: z.int(),
  principals: z.int(),
  streams: z.array(StreamStatus),
  audit: z.strictObject({ rows: z.int(), intact: z.boolean() }),
});
export type Status = z.infer<typeof Status>;

/** One row of the audit log. `hash` covers the row and `previous`, so rows cannot be changed or taken out unseen. */
export const AuditRow = z.strictObject({
  sequence: z.int(),
  time: Time,
  principal: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.enum(["allowed", "denied", "done", "failed"]),
  detail: z.string(),
  previous: z.string(),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof AuditRow>;
