import { GatehouseError } from "@gatehouse/shared";

/** For who has not just shown all that there is to show. */
export const stepUpNeeded = (): GatehouseError =>
  new GatehouseError(
    "step-up-required",
    "this needs your password and a code, or your passkey, shown within the last ten minutes",
  );

/** @param clockOffSeconds by how much the box's clock is ahead of the authenticator's, where the code says so */
export const codeRefused = (clockOffSeconds: number | undefined): GatehouseError => {
  if (clockOffSeconds === undefined) return new GatehouseError("code-refused", "this is not the code of now");
  const [apart, which] = [Math.abs(clockOffSeconds), clockOffSeconds > 0 ? "ahead of" : "behind"];
  return new GatehouseError("code-refused", `the gateway's clock is ${apart} seconds ${which} your authenticator's`, {
    details: { clockOffSeconds },
  });
};

export const loginEnded = (): GatehouseError => new GatehouseError("unauthenticated", "this login has ended");
