import {
  GuestAction,
  ownerOnlyActions,
  type Action,
  type CameraId,
  type Grant,
  type Principal,
} from "@gatehouse/shared";

import type { Circumstances } from "./circumstances.ts";
import { isWithin } from "./schedule-policy.ts";

/** What a principal wants: an action on one camera, or on all of them (`*`), as the gateway's own settings are. */
export interface AccessRequest {
  readonly action: Action;
  readonly camera: CameraId | "*";
}

/** Why not, in the order in which it is looked at. */
export type Denial =
  | "revoked"
  /** This kind of principal can never hold the action. */
  | "owner-only"
  | "not-granted"
  /** The grant has ended. */
  | "ended"
  /** Its schedule says another time. */
  | "not-now"
  /** Not from where the principal is. */
  | "not-here"
  /** It takes two factors. */
  | "one-factor";

export type AccessDecision =
  { readonly kind: "allow"; readonly grant: Grant } | { readonly kind: "deny"; readonly why: Denial };

type Asking = Pick<Principal, "kind" | "grants" | "revoked">;

const order: readonly Denial[] = ["revoked", "owner-only", "not-granted", "ended", "not-now", "not-here", "one-factor"];

/** Kinds that can be given everything. All others are guests and services. */
const everythingHolders: readonly Principal["kind"][] = ["owner", "person"];
const guestActions: readonly Action[] = GuestAction.options;

/** Whether a principal may do this now. What no grant names is refused, and of several denials the last in order is told. */
export const decideAccess = (
  principal: Asking,
  { action, camera }: AccessRequest,
  circumstances: Circumstances,
): AccessDecision => {
  if (principal.revoked !== null) return { kind: "deny", why: "revoked" };
  if (!canHold(principal.kind, action)) return { kind: "deny", why: "owner-only" };
  let why: Denial = "not-granted";
  for (const grant of principal.grants) {
    if (grant.action !== action || !covers(grant, camera)) continue;
    const denial = judgeGrant(principal, grant, camera, circumstances);
    if (denial === undefined) return { kind: "allow", grant };
    if (order.indexOf(denial) > order.indexOf(why)) why = denial;
  }
  return { kind: "deny", why };
};

/**
 * Whether a principal may be where it is at all, whatever it asks for: at home it may; away takes the right `remote`, on any camera,
 * and two factors.
 */
export const decidePresence = (principal: Asking, circumstances: Circumstances): Denial | undefined => {
  if (principal.revoked !== null) return "revoked";
  if (circumstances.place === "home") return undefined;
  if (!principal.grants.some((grant) => isRemote(principal, grant, circumstances.now))) return "not-here";
  return circumstances.assurance === "two" ? undefined : "one-factor";
};

/** Whether this kind of principal can hold a grant for the action at all. */
export const canHold = (kind: Principal["kind"], action: Action): boolean => {
  if (kind === "guest") return guestActions.includes(action);
  return everythingHolders.includes(kind) || !ownerOnlyActions.includes(action);
};

/** Those of the cameras that the principal may do anything with now. The others do not exist for it. */
export const visibleCameras = <C extends { readonly id: CameraId }>(
  principal: Asking,
  cameras: readonly C[],
  circumstances: Circumstances,
): C[] => {
  if (decidePresence(principal, circumstances) !== undefined) return [];
  const holdable = principal.grants.filter(({ action }) => canHold(principal.kind, action));
  const isGood = (grant: Grant, camera: CameraId): boolean =>
    covers(grant, camera) && judgeGrant(principal, grant, camera, circumstances) === undefined;
  return cameras.filter(({ id }) => holdable.some((grant) => isGood(grant, id)));
};

/** What keeps a grant from being good for this camera in these circumstances. */
const judgeGrant = (
  principal: Asking,
  grant: Grant,
  camera: CameraId | "*",
  circumstances: Circumstances,
): Denial | undefined => {
  const { now, place, assurance } = circumstances;
  const late = untimely(grant, now);
  if (late !== undefined) return late;
  const { places = ["home"] } = grant;
  if (!places.includes(place)) return "not-here";
  const isAway = place === "away";
  const isRemoteGood = (held: Grant): boolean => covers(held, camera) && isRemote(principal, held, now);
  if (isAway && !principal.grants.some(isRemoteGood)) return "not-here";
  const needsTwo = isAway || ownerOnlyActions.includes(grant.action);
  return needsTwo && assurance !== "two" ? "one-factor" : undefined;
};

const untimely = ({ until, schedule }: Grant, now: number): Denial | undefined => {
  // A clock that shows no time proves nothing in time.
  if (until !== undefined && !(now < until)) return "ended";
  return schedule === undefined || isWithin(schedule, now) ? undefined : "not-now";
};

/** Whether a grant is the right to come from away now. Its own places say nothing. */
const isRemote = ({ kind }: Asking, grant: Grant, now: number): boolean =>
  grant.action === "remote" && canHold(kind, "remote") && untimely(grant, now) === undefined;

/** One camera's grant covers that camera and no other, so a request for all of them needs a grant for all. */
const covers = (grant: Grant, camera: CameraId | "*"): boolean => grant.camera === "*" || grant.camera === camera;
