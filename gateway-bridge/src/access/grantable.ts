import { GatehouseError, type Grant, type PrincipalKind } from "@gatehouse/shared";

import { canHold } from "../domain/access-policy.ts";
import { isZone } from "../domain/schedule-policy.ts";

/** @throws GatehouseError `request-invalid` for grants that the kind can never hold, or a time zone that there is not */
export const assertGrantable = (kind: PrincipalKind, grants: readonly Grant[]): void => {
  for (const [index, { action, schedule }] of grants.entries()) {
    if (!canHold(kind, action)) {
      const who = kind === "guest" ? "no guest" : "only an owner";
      throw new GatehouseError("request-invalid", `grants.${index}: ${who} can hold "${action}"`);
    }
    if (schedule !== undefined && !isZone(schedule.zone)) {
      throw new GatehouseError("request-invalid", `grants.${index}: there is no time zone "${schedule.zone}"`);
    }
  }
};
