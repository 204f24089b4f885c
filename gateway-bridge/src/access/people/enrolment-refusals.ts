import { GatehouseError } from "@gatehouse/shared";

/** For who has not just shown all that there is to show. */
export const stepUpNeeded = (): GatehouseError =>
  new GatehouseError(
    "step-up-required",
    "this needs your password and a code, or your passkey, shown within the last ten minutes",
  );

export const loginEnded = (): GatehouseError => new GatehouseError("unauthenticated", "this login has ended");
