// @ts-check

import { personOf } from "./context.js";
import { relativeTime } from "./dates.js";
import { confirmed } from "./dialogs.js";
import { h } from "./elements.js";
import { actionButton, problemBox } from "./forms.js";
import { changePerson, showInvitation } from "./invitations.js";
import { loginItem } from "./login-item.js";
import { describeRights } from "./rights.js";

/** @import { Camera, Login, Person, Role } from "@gatehouse/shared" */
/** @import { Context } from "./context.js" */

/**
 * @typedef {object} House what the page of people knows
 * @property {Context} context
 * @property {readonly Camera[]} cameras
 * @property {readonly Role[]} roles
 * @property {readonly Login[]} logins of everybody
 * @property {(done: string) => Promise<void>} reload shows everything anew, and says what was done
 */

/**
 * A person: what it may, how and where it is signed in, and what can be done about it.
 *
 * @param {House} house
 * @param {Person} person
 */
export const personCard = (house, person) => {
  const { id, name, loginName, lastLogin } = person;
  const isSelf = personOf(house.context).person.id === id;
  const problem = problemBox();
  const seen = lastLogin === null ? "never signed in" : `last signed in ${relativeTime(lastLogin, Date.now())}`;
  const deeds = [change, inviteAgain, remove].map((deed) => deed(house, person, problem));
  return h(
    "section",
    { class: "card", "aria-label": name },
    h("div", { class: "title" }, h("h2", {}, name), isSelf && h("span", { class: "state live" }, "you")),
    h("p", { class: "hint" }, `${loginName}, ${provesBy(person)}, ${seen}`),
    h("ul", { class: "rights" }, ...rightsOf(house, person).map((line) => h("li", {}, line))),
    loginsOf(house, person),
    !isSelf && h("div", { class: "buttons" }, ...deeds),
    problem.root,
  );
};

/** @param {Person} person */
const provesBy = ({ factors: { password, totp, passkeys } }) => {
  const ways = [
    ...(passkeys > 0 ? [passkeys === 1 ? "a passkey" : `${passkeys} passkeys`] : []),
    ...(password ? [totp ? "password and authenticator" : "password alone"] : []),
  ];
  return ways.length === 0 ? "invited" : ways.join(" or ");
};

/**
 * @param {House} house
 * @param {Person} person
 */
const rightsOf = ({ cameras, roles }, { grants, roles: held }) => [
  ...describeRights(grants, cameras),
  ...roles
    .filter(({ id }) => held.includes(id))
    .map((role) => `${role.name}: ${describeRights(role.grants, cameras).join("; ")}`),
];

/**
 * @param {House} house
 * @param {Person} person
 */
const loginsOf = ({ context, logins, reload }, { id, name }) => {
  const own = logins.filter(({ person }) => person === id);
  if (own.length === 0) return undefined;
  const end = async (/** @type {string} */ login) => {
    await context.ask("endLogin", { params: { login } });
    await reload(`${name} is signed out there.`);
  };
  const count = own.length === 1 ? "Signed in with one browser" : `Signed in with ${own.length} browsers`;
  const items = own.map((login) => loginItem(login, end));
  return h("details", {}, h("summary", {}, count), h("ul", { class: "items" }, ...items));
};

/** @typedef {(house: House, person: Person, problem: ReturnType<typeof problemBox>) => HTMLElement} Deed */

/** @type {Deed} */
const change = ({ context, cameras, reload }, person, problem) =>
  actionButton({
    label: "Change",
    title: `Change what ${person.name} may see`,
    busy: "Change",
    problem,
    work: async () => {
      if (await changePerson(context, { person, cameras })) await reload(`${person.name} is changed.`);
    },
  });

/** @type {Deed} */
const inviteAgain = ({ context, reload }, { id, name }, problem) =>
  actionButton({
    label: "Invite again",
    title: `Invite again: ${name}`,
    busy: "Inviting…",
    problem,
    work: async () => {
      const text =
        "For a forgotten password. It is void from now on, everywhere, until the new link is used to set another one.";
      if (!(await confirmed({ title: `Invite ${name} again?`, text, yes: "Invite again" }))) return;
      await showInvitation(context, await context.ask("inviteAgain", { params: { principal: id } }));
      await reload(`${name} is invited again.`);
    },
  });

/** @type {Deed} */
const remove = ({ context, reload }, { id, name }, problem) =>
  actionButton({
    label: "Remove",
    title: `Remove ${name}`,
    busy: "Removing…",
    kind: "danger",
    problem,
    work: async () => {
      const text = "Whatever they watch ends at once, and they cannot sign in any more.";
      if (!(await confirmed({ title: `Remove ${name}?`, text, yes: "Remove" }))) return;
      await context.ask("removePerson", { params: { principal: id } });
      await reload(`${name} is removed.`);
    },
  });
