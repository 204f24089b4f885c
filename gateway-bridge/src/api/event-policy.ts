import { assertNever, type Event, type Notice, type Principal } from "@gatehouse/shared";

import { decideAccess, visibleCameras } from "../domain/access-policy.ts";
import type { Circumstances } from "../domain/circumstances.ts";
import { isEnrolling } from "../domain/login-policy.ts";
import type { Caller } from "../ports.ts";

/**
 * Whether this principal is told of this event: motion by the `events` action, a camera's own doings by any grant on it,
 * its weaknesses by `control`, by which a remedy may be proposed.
 */
export const mayHear = (principal: Principal, event: Event, circumstances: Circumstances): boolean => {
  switch (event.kind) {
    case "motion":
      return decideAccess(principal, { action: "events", camera: event.camera }, circumstances).kind === "allow";
    case "camera-state":
    case "camera-added":
    case "camera-removed":
      return visibleCameras(principal, [{ id: event.camera }], circumstances).length > 0;
    case "finding":
      return decideAccess(principal, { action: "control", camera: event.camera }, circumstances).kind === "allow";
    default:
      return assertNever(event);
  }
};

/**
 * Whether this caller is told of this notice: a signed-in person of its own, and of the gateway's where it may administer it. Keys and
 * applications are not people.
 */
export const mayBeTold = (caller: Caller, { person }: Pick<Notice, "person">, now: number): boolean => {
  const { principal, login } = caller;
  if (login === undefined || isEnrolling(login.factors)) return false;
  if (person !== null) return person === principal.id;
  return decideAccess(principal, { action: "admin", camera: "*" }, { ...caller, now }).kind === "allow";
};
