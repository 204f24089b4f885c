// @ts-check

import { isPerson, personOf } from "../context.js";
import { mustSetUp, setUpStep } from "../entry.js";
import { focusHeading, h, replace } from "../elements.js";
import { newAuthenticator, newPasskey, newPassword, newRecoveryCodes } from "../factors.js";
import { namedOrigin } from "../named-origin.js";
import { hasPasskeys } from "../passkeys.js";

/** @import { Me } from "@gatehouse/shared" */
/** @import { Child } from "../elements.js" */
/** @import { Context, View, Who } from "../context.js" */
/** @import { SetUpStep } from "../entry.js" */

/** @typedef {{ readonly me: Me, readonly go: (who: Who) => void, readonly later: () => void }} Step */

/**
 * What somebody sets up who came in by a code: how to sign in from now on.
 *
 * @type {View}
 */
export const setUp = (context) => {
  const steps = h("div", {});
  /** @type {Set<SetUpStep>} */
  const declined = new Set();
  const show = (/** @type {Me} */ me) => {
    const step = setUpStep(me, declined);
    if (step === "done") {
      context.enter(me);
      return;
    }
    const go = (/** @type {Who} */ after) => {
      context.update(after);
      if (isPerson(after)) show(after);
    };
    const later = () => {
      declined.add(step);
      show(me);
    };
    replace(steps, ...views[step](context, { me, go, later }));
    focusHeading(steps);
  };
  show(personOf(context));
  return { title: "How you sign in", root: h("section", { class: "narrow" }, steps) };
};

/** @type {Readonly<Record<Exclude<SetUpStep, "done">, (context: Context, step: Step) => readonly Child[]>>} */
const views = {
  "first-factor": (context, { me, go }) => {
    const byPasskey = context.door.passkeys && hasPasskeys();
    const { name, loginName } = me.person;
    const password = newPassword(context, {
      loginName,
      submit: "Set the password",
      kind: byPasskey ? "" : "primary",
      done: go,
    });
    return [
      h("h1", {}, `Hello ${name}`),
      h("p", { class: "lead" }, "How do you want to sign in from now on?"),
      byPasskey &&
        h(
          "p",
          {},
          "With a passkey, your device asks for your finger, your face or its PIN. There is nothing to remember, and nothing to be stolen.",
        ),
      byPasskey ? newPasskey(context, { done: go, kind: "primary wide" }) : withoutPasskeys(context),
      byPasskey ? h("details", {}, h("summary", {}, "Use a password instead"), password) : password,
    ];
  },
  authenticator: (context, { me, go, later }) => [
    h("h1", {}, "A second proof"),
    h(
      "p",
      { class: "lead" },
      mustSetUp(me)
        ? "Whoever looks after a gateway shows two things: the password, and a code from an app on the phone."
        : "With a code from an app on your phone, nobody gets in who has only your password.",
    ),
    newAuthenticator(context, { label: "Set up the app", kind: "primary", done: go }),
    !mustSetUp(me) && h("div", { class: "buttons" }, h("button", { type: "button", onclick: later }, "Not now")),
  ],
  "recovery-codes": (context, { go, later }) => [
    h("h1", {}, "Should you lose your phone"),
    h(
      "p",
      { class: "lead" },
      "Each of ten recovery codes stands for your phone once. Keep them on paper, or in a password manager.",
    ),
    newRecoveryCodes(context, { kind: "primary", done: go, later }),
  ],
};

/** @param {Context} context */
const withoutPasskeys = ({ door }) => {
  if (door.passkeys) return undefined;
  const named = namedOrigin(location, door.canonical);
  return h(
    "p",
    { class: "notice" },
    "Simpler is a passkey, which browsers keep for a name alone: ",
    h("a", { href: named }, named),
    ". You can make one there later.",
  );
};
