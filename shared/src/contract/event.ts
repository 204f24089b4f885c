import { z } from "zod";

import { Camera, CameraState } from "./camera.ts";
import { CameraId, GatewayId, Name, PrincipalId, Time } from "./ids.ts";
import { CheckId, FindingStatus, Severity } from "./posture.ts";

/** Something that happened at a camera. */
export const Event = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("motion"),
    id: z.uuid(),
    camera: CameraId,
    /** When the gateway learned of it. */
    at: Time,
    active: z.boolean(),
    /** The ONVIF topic that said so, without namespace prefixes. */
    topic: z.string(),
    /** The camera's own correlation id where it gives one. */
    reference: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal("camera-state"), id: z.uuid(), camera: CameraId, at: Time, state: CameraState }),
  z.strictObject({ kind: z.literal("camera-added"), id: z.uuid(), camera: CameraId, at: Time }),
  z.strictObject({ kind: z.literal("camera-removed"), id: z.uuid(), camera: CameraId, at: Time }),
  /** A look at the camera's weaknesses brought something else than the one before. */
  z.strictObject({
    kind: z.literal("finding"),
    id: z.uuid(),
    camera: CameraId,
    at: Time,
    check: CheckId,
    status: FindingStatus,
    severity: Severity,
    title: z.string(),
  }),
]);
export type Event = z.infer<typeof Event>;

/** What the gateway sends over the events WebSocket: first `hello`, then `event`s. Clients send nothing. */
export const ServerMessage = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hello"),
    gateway: z.strictObject({ id: GatewayId, name: Name, version: z.string() }),
    principal: z.strictObject({ id: PrincipalId, name: Name }),
    /** The cameras that this principal has any grant for. */
    cameras: z.array(Camera),
    /** Cameras in motion right now, of those whose events it may see. */
    motion: z.array(CameraId),
  }),
  z.strictObject({ kind: z.literal("event"), event: Event }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;
