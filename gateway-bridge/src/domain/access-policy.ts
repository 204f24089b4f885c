import { ownerOnlyActions, type Action, type CameraId, type Grant, type Principal } from "@gatehouse/shared";

/** What a principal wants: an action on one camera, or on all of them (`*`), as the gateway's own settings are. */
export interface AccessRequest {
  readonly action: Action;
  readonly camera: CameraId | "*";
}

export type AccessDecision =
  | { readonly kind: "allow"; readonly grant: Grant }
  | { readonly kind: "deny"; readonly why: "revoked" | "owner-only" | "not-granted" };

type Asking = Pick<Principal, "kind" | "grants" | "revoked">;

/** Whether a principal may do this now. What no grant names is refused. */
export const decideAccess = (principal: Asking, { action, camera }: AccessRequest): AccessDecision => {
  if (principal.revoked !== null) return { kind: "deny", why: "revoked" };
  if (!canHold(principal.kind, action)) return { kind: "deny", why: "owner-only" };
  const grant = principal.grants.find((held) => held.action === action && covers(held, camera));
  return grant === undefined ? { kind: "deny", why: "not-granted" } : { kind: "allow", grant };
};

/** Whether this kind of principal can hold a grant for the action at all. */
export const canHold = (kind: Principal["kind"], action: Action): boolean =>
  kind === "owner" || !ownerOnlyActions.includes(action);

/** Those of the cameras that the principal may do anything with. The others do not exist for it. */
export const visibleCameras = <C extends { readonly id: CameraId }>(principal: Asking, cameras: readonly C[]): C[] =>
  cameras.filter(({ id: camera }) =>
    principal.grants.some(({ action }) => decideAccess(principal, { action, camera }).kind === "allow"),
  );

/** One camera's grant covers that camera and no other, so a request for all of them needs a grant for all. */
const covers = (grant: Grant, camera: CameraId | "*"): boolean => grant.camera === "*" || grant.camera === camera;
