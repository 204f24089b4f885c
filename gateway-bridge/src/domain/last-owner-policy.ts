import type { Grant, Principal } from "@gatehouse/shared";

import { canHold } from "./access-policy.ts";

/** Whether there is still somebody who can govern the gateway from home at any time, for good. */
export const isGoverned = (principals: readonly Pick<Principal, "kind" | "grants" | "revoked">[]): boolean =>
  principals.some(
    ({ kind, grants, revoked }) => revoked === null && canHold(kind, "admin") && grants.some(governsAlways),
  );

const governsAlways = ({ action, camera, schedule, places = ["home"], until }: Grant): boolean =>
  action === "admin" && camera === "*" && schedule === undefined && until === undefined && places.includes("home");
