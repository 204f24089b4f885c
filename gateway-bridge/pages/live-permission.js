// @ts-check
/** @import { WireError } from "@gatehouse/shared" */
/** @import { Ending } from "./live-attempt.js" */

/**
 * Whether somebody may go on watching: as far as is known now, not any more, or nobody answers.
 * @typedef {{ readonly kind: "granted" | "unreachable" }
 *   | { readonly kind: "ended", readonly why: "rights" | "login" }
 *   | { readonly kind: "ended", readonly why: "fault", readonly error: Pick<WireError["error"], "code" | "message" | "remedy" | "details"> }} Permission
 */

/**
 * What the gateway's own word for the end says of it; undefined where it said nothing.
 * @param {Ending} ending
 * @returns {Permission | undefined}
 */
export const permissionAfter = (ending) => {
  if (ending.kind !== "told") return undefined;
  const { error } = ending;
  const { code, retry } = error;
  if (code === "access-denied") return { kind: "ended", why: "rights" };
  if (code === "unauthenticated") return { kind: "ended", why: "login" };
  return retry === "later" ? { kind: "granted" } : { kind: "ended", why: "fault", error };
};

/**
 * Asks, because a browser tells a page nothing of why a WebSocket was refused, and a connection that broke tells nothing by itself.
 * @param {string} camera
 * @param {AbortSignal} signal
 * @returns {Promise<Permission>}
 */
export const askPermission = async (camera, signal) => {
  try {
    // The gate is the same for everybody. Whoever passes it is told that this is for WebSockets.
    const { status } = await fetch(`/v1/cameras/${camera}/live`, { cache: "no-store", signal });
    if (status === 401) return { kind: "ended", why: "login" };
    return status === 403 ? { kind: "ended", why: "rights" } : { kind: "granted" };
  } catch {
    return { kind: "unreachable" };
  }
};
