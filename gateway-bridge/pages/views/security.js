// @ts-check

import { personOf } from "../context.js";
import { relativeTime } from "../dates.js";
import { confirmed } from "../dialogs.js";
import { h, replace } from "../elements.js";
import { newAuthenticator, newPassword, newRecoveryCodes } from "../factors.js";
import { actionButton, problemBox } from "../forms.js";
import { loginItem } from "../login-item.js";
import { passkeyCard } from "../passkey-card.js";

/** @import { Me, Notice } from "@gatehouse/shared" */
/** @import { Child } from "../elements.js" */
/** @import { Context, View, Who } from "../context.js" */

/**
 * @typedef {object} Own what the cards of this view know
 * @property {Context} context
 * @property {Me} me
 * @property {(done: string) => (who: Who) => void} changed takes over what was changed, and says so
 */

/** @type {View} */
export const security = (context) => {
  const me = personOf(context);
  const changed = (/** @type {string} */ done) => (/** @type {Who} */ who) => {
    context.update(who);
    context.again();
    context.announce(done);
  };
  const own = { context, me, changed };
  const cards = [noticeCard, passkeyCard, passwordCard, authenticatorCard, recoveryCard, loginCard];
  const root = h("section", { class: "stack" }, h("h1", {}, "My security"), ...cards.map((make) => make(own)));
  return { title: "My security", root };
};

/**
 * @param {string} title
 * @param {...Child} content
 */
const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), ...content);

/** @param {Own} own */
const noticeCard = (own) => {
  const { notices } = own.me;
  if (notices.length === 0) return undefined;
  const items = notices.map((notice) => noticeItem(own, notice));
  return card("What you should know of", h("ul", { class: "items" }, ...items));
};

/**
 * @param {Own} own
 * @param {Notice} notice
 */
const noticeItem = ({ context: { ask }, changed }, { id, text, remedy, last, count }) => {
  const problem = problemBox();
  const dismiss = actionButton({
    label: "I have seen it",
    busy: "One moment…",
    problem,
    work: async () => {
      await ask("dismissOwnNotice", { params: { notice: id } });
      changed("It is not shown any more.")(await ask("me"));
    },
  });
  const often = `${relativeTime(last, Date.now())}${count > 1 ? `, ${count} times` : ""}`;
  const about = h("div", {}, h("strong", {}, text), " ", remedy, h("p", { class: "hint" }, often));
  return h("li", {}, about, dismiss, problem.root);
};

/** @param {Own} own */
const passwordCard = ({ context, me: { person }, changed }) => {
  const place = h("div", { class: "stack" });
  const open = () => {
    const { loginName } = person;
    replace(
      place,
      newPassword(context, { loginName, submit: "Set the password", done: changed("The password is set.") }),
    );
    place.querySelector("input")?.focus();
  };
  const label = person.factors.password ? "Change the password" : "Set a password";
  replace(place, h("div", { class: "buttons" }, h("button", { type: "button", onclick: open }, label)));
  const about = person.factors.password
    ? "You have one. Another one signs you out everywhere else."
    : "You have none. With one you can sign in where no passkey of yours is.";
  return card("Password", h("p", {}, about), place);
};

/** @param {Own} own */
const authenticatorCard = ({ context, me, changed }) => {
  const { password, totp } = me.person.factors;
  if (!password && !totp)
    return card("Authenticator", h("p", {}, "An app's code stands beside a password: set one first."));
  const about = totp
    ? "An app shows the code that your password needs."
    : "With an app, nobody gets in who has only your password.";
  const label = totp ? "Use another app" : "Set up an app";
  const make = newAuthenticator(context, { label, done: changed("The authenticator is set up.") });
  return card("Authenticator", h("p", {}, about), make, ...(totp ? withoutApp(context, changed) : []));
};

/**
 * @param {Context} context
 * @param {Own["changed"]} changed
 */
const withoutApp = ({ ask }, changed) => {
  const problem = problemBox();
  const button = actionButton({
    label: "Do without an app",
    busy: "One moment…",
    kind: "danger",
    problem,
    work: async () => {
      const text = "Your password alone then signs you in, or a passkey.";
      if (!(await confirmed({ title: "Do without an authenticator?", text, yes: "Do without" }))) return;
      await ask("removeTotp");
      changed("The authenticator is removed.")(await ask("me"));
    },
  });
  return [h("div", { class: "buttons" }, button), problem.root];
};

/** @param {Own} own */
const recoveryCard = ({ context, me, changed }) => {
  const { password, totp, passkeys, recoveryCodes } = me.person.factors;
  if (!password || (!totp && passkeys === 0)) {
    const needed = "They stand beside the password for an authenticator or a passkey that is lost. Set these up first.";
    return card("Recovery codes", h("p", {}, needed));
  }
  const left = recoveryCodes === 0 ? "You have none." : `${recoveryCodes} are left. Others make them void.`;
  return card(
    "Recovery codes",
    h("p", {}, left),
    newRecoveryCodes(context, { done: changed("The recovery codes are new.") }),
  );
};

/** @param {Own} own */
const loginCard = ({ context: { ask, signal, announce } }) => {
  const list = h("ul", { class: "items" });
  const problem = problemBox();
  const load = async () => {
    const found = await ask("listOwnLogins", { signal });
    replace(list, ...found.map((login) => loginItem(login, end)));
  };
  const end = async (/** @type {string} */ login) => {
    await ask("endOwnLogin", { params: { login } });
    await load();
    announce("It is signed out.");
  };
  load().catch((/** @type {unknown} */ error) => signal.aborted || problem.show(error));
  return card("Where you are signed in", list, problem.root);
};
