// @ts-check

/** @import { DoorState, GuestMe, Me } from "@gatehouse/shared" */
/** @import { ask } from "./api.js" */
/** @import { Purpose } from "./fragment.js" */

/** @typedef {Me | GuestMe} Who somebody who is signed in */

/**
 * @typedef {object} Context what a view is given
 * @property {DoorState} door
 * @property {Who | undefined} who
 * @property {{ readonly purpose: Purpose, readonly secret: string } | undefined} link what the address brought; it is gone from there
 * @property {string} id of what is shown, from the address
 * @property {string} notice why somebody is here who wanted to be elsewhere; empty for nothing
 * @property {AbortSignal} signal aborts when the view is left
 * @property {typeof ask} ask asks the gateway, and has somebody show once more who it is where the gateway wants that
 * @property {(who: Who) => void} enter takes over who is signed in now, and shows what is next
 * @property {(who: Who) => void} update takes over what changed about who is signed in, and goes on showing the same
 * @property {() => void} leave nobody is signed in any more
 * @property {() => void} again shows the same view anew
 * @property {(text: string) => void} announce says what was done
 */

/** @typedef {{ readonly title: string, readonly root: HTMLElement }} Shown */
/** @typedef {(context: Context) => Shown} View */

/**
 * @param {Who} who
 * @returns {who is Me}
 */
export const isPerson = (who) => "person" in who;

/**
 * The person who is signed in, where a view is for nobody else.
 *
 * @param {Context} context
 */
export const personOf = ({ who }) => {
  if (who === undefined || !isPerson(who)) throw new TypeError("this view is for people who are signed in");
  return who;
};
