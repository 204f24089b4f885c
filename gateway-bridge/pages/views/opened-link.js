// @ts-check

import { isPerson } from "../context.js";
import { h } from "../elements.js";
import { actionButton, problemBox } from "../forms.js";

/** @import { View, Who } from "../context.js" */

/**
 * Somebody followed a link that lets in. Nothing is opened by merely following it: programs that look at links would use it up, and a
 * page of somebody else's could sign a browser in as another person.
 *
 * @type {View}
 */
export const openedLink = ({ door, who, link, ask, enter }) => {
  if (link === undefined) throw new TypeError("no link was followed");
  const problem = problemBox();
  const { secret, purpose } = link;
  const button = actionButton({
    label: "Come in",
    busy: "One moment…",
    kind: "primary",
    problem,
    words: {
      "sign-in-refused": {
        text: "This link was used, or is too old.",
        remedy: "Ask for another one; each works once.",
      },
    },
    work: async () =>
      enter(
        purpose === "guest"
          ? await ask("openGuestLink", { body: { secret } })
          : await ask("openInvitation", { body: { code: secret } }),
      ),
  });
  const root = h(
    "section",
    { class: "narrow" },
    h("h1", {}, "You are invited"),
    h("p", { class: "lead" }, `Look through the cameras of ${door.name}.`),
    who !== undefined &&
      h("p", { class: "notice" }, `${nameOf(who)} is signed in with this browser, and is signed out when you go on.`),
    h("p", {}, "The link works once: go on with the device on which you want to use it."),
    problem.root,
    h("div", { class: "buttons" }, button),
  );
  return { title: "You are invited", root };
};

/** @param {Who} who */
const nameOf = (who) => (isPerson(who) ? who.person.name : who.guest.name);
