import type { Retry } from "@gatehouse/shared";

/** HomeKit gives a picture up after five seconds; the rest is for the way back. */
export const answerWithinMs = 4_500;
/** A camera that was too slow last time holds its tile no longer than this while there is a picture to show instead. */
export const impatientMs = 1_000;
/** A picture older than this is not shown as if it were now. */
export const longestAgeMs = 60_000;
/** A fetch that outlives its answer goes on for this long, so that the next request has its picture. */
export const fetchWithinMs = 15_000;

/** How long a request may wait for the camera. */
export const patienceMs = (given: { readonly slow: boolean; readonly ageMs: number | undefined }): number =>
  given.slow && given.ageMs !== undefined && given.ageMs <= longestAgeMs ? impatientMs : answerWithinMs;

/**
 * Whether the last good picture may stand in after a failure. Only while trying again can help: a camera that is gone or
 * refused shows nothing any more.
 */
export const mayStandIn = (given: { readonly retry: Retry; readonly ageMs: number | undefined }): boolean =>
  given.retry === "later" && given.ageMs !== undefined && given.ageMs <= longestAgeMs;
