// @ts-check

/** @import { DoorState, Me } from "@gatehouse/shared" */
/** @import { Who } from "./context.js" */
/** @import { Fragment, Place } from "./fragment.js" */
import { isPerson } from "./context.js";

/** @typedef {"first-run" | "opened-link" | "sign-in" | "set-up" | Place} ViewName */

/**
 * What is shown: first what lets somebody in, then what it must still set up, then where it wants to go.
 *
 * @param {{ readonly door: Pick<DoorState, "firstRun">, readonly who: Who | undefined, readonly wanted: Fragment }} situation
 * @returns {ViewName}
 */
export const viewFor = ({ door, who, wanted }) => {
  if (wanted.kind === "secret" && wanted.purpose !== "first-run") return "opened-link";
  // Whoever brings the code of a first run is about to become somebody else.
  if (door.firstRun && (wanted.kind === "secret" || who === undefined)) return "first-run";
  if (who === undefined) return "sign-in";
  if (isPerson(who) && mustSetUp(who)) return "set-up";
  return wanted.kind === "place" && mayOpen(who, wanted.place) ? wanted.place : "cameras";
};

/**
 * Whether a place is one of somebody's own; the gateway judges all that is asked there.
 *
 * @param {Who} who
 * @param {Place} place
 */
export const mayOpen = (who, place) => {
  if (place === "people") return isPerson(who) && who.admin;
  return place !== "security" || isPerson(who);
};

/**
 * Whether there is nothing that this person can do yet: the gateway refuses everything without a first factor, and to whoever
 * governs it without a second.
 *
 * @param {Me} me
 */
export const mustSetUp = ({ admin, needs }) => needs.includes("password") || (admin && needs.includes("second-factor"));

/** @typedef {"first-factor" | "authenticator" | "recovery-codes" | "done"} SetUpStep */

/**
 * The next thing to set up.
 *
 * @param {Me} me
 * @param {ReadonlySet<SetUpStep>} declined what this person does not want now
 * @returns {SetUpStep}
 */
export const setUpStep = ({ person: { factors }, needs }, declined) => {
  if (needs.includes("password")) return "first-factor";
  if (needs.includes("second-factor") && !declined.has("authenticator")) return "authenticator";
  // They are shown beside a password: without one there is no use for them.
  const wanted = factors.password && needs.includes("recovery-codes");
  return wanted && !declined.has("recovery-codes") ? "recovery-codes" : "done";
};
