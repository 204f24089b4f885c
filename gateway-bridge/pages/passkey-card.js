// @ts-check

import { relativeTime } from "./dates.js";
import { confirmed } from "./dialogs.js";
import { h, replace } from "./elements.js";
import { newPasskey } from "./factors.js";
import { actionButton, problemBox } from "./forms.js";
import { namedOrigin } from "./named-origin.js";
import { hasPasskeys } from "./passkeys.js";

/** @import { Passkey } from "@gatehouse/shared" */
/** @import { Own } from "./views/security.js" */

/**
 * Somebody's passkeys, and a way to more of them.
 *
 * @param {Own} own
 */
export const passkeyCard = (own) => {
  const { context, me, changed } = own;
  const { ask, door, signal } = context;
  const { passkeys, password } = me.person.factors;
  const problem = problemBox();
  const list = h("ul", { class: "items" });
  const load = async () => {
    const found = await ask("listPasskeys", { signal });
    replace(list, ...found.map((passkey) => passkeyItem(own, passkey)));
  };
  load().catch((/** @type {unknown} */ error) => signal.aborted || problem.show(error));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Passkeys"),
    h("p", {}, "Your device asks for your finger, your face or its PIN. Nothing can be guessed or given away."),
    passkeys === 1 &&
      !password &&
      h(
        "p",
        { class: "notice" },
        "It is your only way in. Make another one on a second device, or set a password, so that a lost device does not lock you out.",
      ),
    list,
    problem.root,
    door.passkeys && hasPasskeys() ? newPasskey(context, { done: changed("The passkey is made.") }) : elsewhere(door),
  );
};

/** @param {Own["context"]["door"]} door */
const elsewhere = ({ canonical }) => {
  const named = namedOrigin(location, canonical);
  const link = h("a", { href: named }, named);
  return h("p", { class: "hint" }, "They are made where the gateway was opened by its name: ", link);
};

/**
 * @param {Own} own
 * @param {Passkey} passkey
 */
const passkeyItem = ({ context: { ask }, changed }, { id, name, host, usable, used, created }) => {
  const problem = problemBox();
  const remove = actionButton({
    label: "Remove",
    title: `Remove the passkey ${name}`,
    busy: "Removing…",
    kind: "danger",
    problem,
    work: async () => {
      const text = "You then cannot sign in with it any more, though your device may go on offering it.";
      if (!(await confirmed({ title: `Remove the passkey ${name}?`, text, yes: "Remove it" }))) return;
      await ask("removePasskey", { params: { passkey: id } });
      changed("The passkey is removed.")(await ask("me"));
    },
  });
  const about = usable ? usedText(created, used) : `made for another name of the gateway, ${host}: of no use any more`;
  return h("li", {}, h("div", {}, h("strong", {}, name), h("p", { class: "hint" }, about)), remove, problem.root);
};

/**
 * @param {number} created
 * @param {number | null} used
 */
const usedText = (created, used) => {
  const now = Date.now();
  return `made ${relativeTime(created, now)}, ${used === null ? "never used" : `used ${relativeTime(used, now)}`}`;
};
