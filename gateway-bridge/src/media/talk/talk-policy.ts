import type { GatehouseError, PrincipalId } from "@gatehouse/shared";

/** A pause in speech; a microphone that is switched off is silent for longer, and gives the loudspeaker back. */
export const quietMs = 3_000;
/** How long a microphone that was refused is not asked about again: each try is a connection to the camera. */
export const refusedMs = 5_000;

export interface Claim {
  readonly mayTalk: boolean;
  /** Who has the camera's loudspeaker now. */
  readonly holder: PrincipalId | undefined;
}

/** Whether somebody gets a camera's loudspeaker: whoever came first keeps it until they have been quiet. */
export const judgeClaim = ({ mayTalk, holder }: Claim): "granted" | "access-denied" | "talk-busy" => {
  if (!mayTalk) return "access-denied";
  return holder === undefined ? "granted" : "talk-busy";
};

/** When to ask again after a failure, on Clock.monotonic(). */
export const retryAt = (error: Pick<GatehouseError, "retry">, now: number): number =>
  error.retry === "never" ? Number.POSITIVE_INFINITY : now + refusedMs;
