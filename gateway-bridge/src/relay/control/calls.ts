import { AuditRow, Name, RelayName, SpkiPin, Time, TotpCode, TotpSecret, TunnelId } from "@gatehouse/shared";
import { z } from "zod";

import { Operator, OperatorId, OperatorRole } from "../operators/operator.ts";
import { OwnLimits } from "../relay-config.ts";

/** A gateway that may come, as operators see it. What its devices are the relay does not keep. */
export const EnrolledGateway = z.strictObject({
  id: TunnelId,
  enrolled: Time,
  revoked: Time.nullable(),
  /** Pins of the keys by which it may come: two while it changes its key. */
  pins: z.array(SpkiPin),
  /** Where they are others than the relay's own. */
  limits: OwnLimits,
  connected: z.boolean(),
});
export type EnrolledGateway = z.infer<typeof EnrolledGateway>;

/** How the relay is. Counts of now, and since it began. */
export const RelayStatus = z.strictObject({
  name: RelayName,
  version: z.string(),
  started: Time,
  /** `host:port` that it listens on, and the one that invites name. */
  address: z.string(),
  public: z.string(),
  /** Pins: of the key that it shows, and of the one that comes after it. */
  keys: z.array(SpkiPin),
  gateways: z.int(),
  tunnels: z.int(),
  channels: z.int(),
  draining: z.boolean(),
});
export type RelayStatus = z.infer<typeof RelayStatus>;

/** What came of reading the whole audit log. */
export const AuditState = z.strictObject({
  rows: z.int(),
  intact: z.boolean(),
  /** The first row at which it is not what was written. */
  firstBad: z.int().optional(),
});
export type AuditState = z.infer<typeof AuditState>;

const nothing = z.strictObject({});
const longestInvite = 7 * 86_400_000;

/**
 * What the control socket answers. `role`: the least that a caller must be. `changes`: written into the audit log with who it was, in
 * the same transaction as its effect.
 */
export const controlCalls = {
  /** The one call without a token. */
  signIn: { role: "auditor", changes: false, request: z.strictObject({ code: TotpCode }), answer: z.strictObject({ operator: Operator, token: z.string(), expires: Time }) },
  status: { role: "auditor", changes: false, request: nothing, answer: RelayStatus },
  listGateways: { role: "auditor", changes: false, request: nothing, answer: z.array(EnrolledGateway) },
  listOperators: { role: "auditor", changes: false, request: nothing, answer: z.array(Operator) },
  /** Newest first. */
  listAudit: { role: "auditor", changes: false, request: z.strictObject({ before: z.int().positive().optional(), limit: z.int().min(1).max(500).optional() }), answer: z.array(AuditRow) },
  verifyAudit: { role: "auditor", changes: false, request: nothing, answer: AuditState },
  invite: { role: "operator", changes: true, request: z.strictObject({ ttlMs: z.int().min(60_000).max(longestInvite) }), answer: z.strictObject({ invite: z.string(), expires: Time }) },
  revokeGateway: { role: "operator", changes: true, request: z.strictObject({ gateway: TunnelId }), answer: nothing },
  limitGateway: { role: "operator", changes: true, request: z.strictObject({ gateway: TunnelId, limits: OwnLimits }), answer: nothing },
  /** `publicKey`: P-256, SPKI DER as base64. */
  addOperator: { role: "operator", changes: true, request: z.strictObject({ name: Name, role: OperatorRole, publicKey: z.base64().max(128) }), answer: z.strictObject({ operator: Operator, certificate: z.string(), totp: TotpSecret }) },
  removeOperator: { role: "operator", changes: true, request: z.strictObject({ operator: OperatorId }), answer: nothing },
  /** Of the relay's own key: makes the next one known, or, once it was known for a week, shows it. */
  rotateKey: {
    role: "operator",
    changes: true,
    request: nothing,
    answer: z.strictObject({ step: z.enum(["announced", "changed"]), keys: z.array(SpkiPin) }),
  },
  drain: { role: "operator", changes: true, request: z.strictObject({ withinMs: z.int().min(0).max(600_000) }), answer: nothing },
} as const satisfies Record<string, ControlCall>; // prettier-ignore

/** One line of the table. */
export interface ControlCall {
  readonly role: OperatorRole;
  readonly changes: boolean;
  readonly request: z.ZodType;
  readonly answer: z.ZodType;
}
export type ControlCallName = keyof typeof controlCalls;
export type ControlRequest<N extends ControlCallName> = z.infer<(typeof controlCalls)[N]["request"]>;
export type ControlAnswer<N extends ControlCallName> = z.infer<(typeof controlCalls)[N]["answer"]>;

export const isControlCall = (name: string): name is ControlCallName => Object.hasOwn(controlCalls, name);
