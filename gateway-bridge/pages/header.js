// @ts-check

import { isPerson } from "./context.js";
import { mayOpen } from "./entry.js";
import { h } from "./elements.js";
import { actionButton, problemBox } from "./forms.js";

/** @import { Context } from "./context.js" */
/** @import { ViewName } from "./entry.js" */
/** @import { Place } from "./fragment.js" */

/** @type {readonly (readonly [Place, string])[]} */
const places = [
  ["cameras", "Cameras"],
  ["people", "People"],
  ["security", "My security"],
];

/**
 * The gateway's name, and for whoever is in the ways through the pages.
 *
 * @param {Context} context
 * @param {ViewName} shown
 * @param {() => Promise<void>} signOut
 */
export const headerFor = ({ door, who }, shown, signOut) => {
  const brand = h("span", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }), door.name);
  if (who === undefined) return [brand];
  const problem = problemBox();
  const name = isPerson(who) ? who.person.name : who.guest.name;
  const leave = actionButton({ label: "Sign out", busy: "Signing out…", kind: "quiet", problem, work: signOut });
  const isIn = !["set-up", "opened-link", "first-run"].includes(shown);
  const links = places
    .filter(([place]) => isIn && mayOpen(who, place))
    .map(([place, label]) => h("a", { href: `#/${place}`, "aria-current": isAt(shown, place) && "page" }, label));
  return [
    brand,
    links.length > 1 && h("nav", { "aria-label": "Pages" }, ...links),
    h("span", { class: "whoami" }, h("span", { class: "name" }, name), leave),
    problem.root,
  ];
};

/**
 * @param {ViewName} shown
 * @param {Place} place
 */
const isAt = (shown, place) => shown === place || (shown === "camera" && place === "cameras");
