import { assertNever, type Event, type Principal } from "@gatehouse/shared";

import { decideAccess, visibleCameras } from "../domain/access-policy.ts";
import type { Circumstances } from "../domain/circumstances.ts";

/** Whether this principal is told of this event: motion by the `events` action, a camera's own doings by any grant on it. */
export const mayHear = (principal: Principal, event: Event, circumstances: Circumstances): boolean => {
  switch (event.kind) {
    case "motion":
      return decideAccess(principal, { action: "events", camera: event.camera }, circumstances).kind === "allow";
    case "camera-state":
    case "camera-added":
    case "camera-removed":
      return visibleCameras(principal, [{ id: event.camera }], circumstances).length > 0;
    default:
      return assertNever(event);
  }
};
