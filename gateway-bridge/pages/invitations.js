// @ts-check

import { toLocalInput } from "./dates.js";
import { showDialog } from "./dialogs.js";
import { h } from "./elements.js";
import { field, form } from "./forms.js";
import { linkOf } from "./fragment.js";
import { loginNameField, suggestLoginName } from "./login-name.js";
import { guestRights, personRights } from "./rights-chooser.js";
import { showLink } from "./shown-once.js";

/** @import { Camera, Invitation, MadeGuestLink, Person } from "@gatehouse/shared" */
/** @import { Child } from "./elements.js" */
/** @import { Context } from "./context.js" */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The gateway takes no guest for longer. */
const longestMs = 30 * dayMs;

/**
 * Asks whom to invite and to what, and shows the link.
 *
 * @param {Context} context
 * @param {readonly Camera[]} cameras
 * @returns {Promise<boolean>} whether somebody was invited
 */
export const invitePerson = async (context, cameras) => {
  const name = nameField();
  const loginName = loginNameField("off");
  suggestLoginName(name.input, loginName.input);
  const rights = personRights({ cameras });
  const made = await askInDialog("Invite a person", (done) => [
    form({
      fields: [name, loginName],
      after: [rights.root],
      submit: "Make the invitation",
      busy: "Making it…",
      work: async ({ name: called = "", loginName: known = "" }) => {
        const grants = rights.read();
        if (grants === undefined) return;
        done(await context.ask("addPerson", { body: { name: called, loginName: known, grants } }));
      },
    }),
  ]);
  if (made === undefined) return false;
  await showInvitation(context, made);
  return true;
};

/**
 * @param {Context} context
 * @param {Invitation} invitation
 */
export const showInvitation = ({ door }, { person, code, expires }) =>
  showLink({
    title: `Invitation for ${person.name}`,
    url: linkOf(door.canonical, "invite", code.replaceAll("-", "")),
    forWhom: person.name,
    expires,
  });

/**
 * Asks which guest to let in, to what and until when, and shows the link.
 *
 * @param {Context} context
 * @param {readonly Camera[]} cameras
 * @returns {Promise<boolean>}
 */
export const inviteGuest = async (context, cameras) => {
  const [name, until, rights] = [nameField(), untilField(Date.now()), guestRights(cameras)];
  /** @type {MadeGuestLink | undefined} */
  const made = await askInDialog("Invite a guest", (done) => [
    h("p", {}, "A guest needs no password, comes in at home alone, and is out when the time is over."),
    form({
      fields: [name, until],
      after: [spans(until.input), rights.root],
      submit: "Make the link",
      busy: "Making it…",
      work: async ({ name: called = "", until: moment = "" }) => {
        const chosen = rights.read();
        if (chosen === undefined) return;
        const body = { name: called, ...chosen, until: new Date(moment).getTime() };
        done(await context.ask("makeGuestLink", { body }));
      },
    }),
  ]);
  if (made === undefined) return false;
  const { link, url } = made;
  await showLink({ title: `Link for ${link.name}`, url, forWhom: link.name, expires: link.until });
  return true;
};

/**
 * Asks what somebody is called and may see from now on.
 *
 * @param {Context} context
 * @param {{ readonly person: Person, readonly cameras: readonly Camera[] }} of
 * @returns {Promise<boolean>} whether it was changed
 */
export const changePerson = async (context, { person, cameras }) => {
  const { id, name: before, grants: held } = person;
  const name = nameField(before);
  const rights = personRights({ cameras, held });
  const isLimited = held.some(({ schedule, places, until }) => schedule ?? places ?? until);
  const changed = await askInDialog(`Change ${before}`, (done) => [
    isLimited &&
      h("p", { class: "notice" }, "Some of it is limited to times or places, which is lost when it is changed here."),
    form({
      fields: [name],
      after: [rights.root],
      submit: "Change it",
      busy: "Changing it…",
      work: async ({ name: called = "" }) => {
        const grants = rights.read();
        if (grants === undefined) return;
        done(await context.ask("changePerson", { params: { principal: id }, body: { name: called, grants } }));
      },
    }),
  ]);
  return changed !== undefined;
};

/**
 * A dialog that is there to get something.
 *
 * @template T
 * @param {string} title
 * @param {(done: (value: T) => void) => readonly Child[]} content
 * @returns {Promise<T | undefined>} undefined where it was dismissed
 */
const askInDialog = async (title, content) => {
  /** @type {T | undefined} */
  let got;
  await showDialog({
    title,
    dismiss: "Cancel",
    content: (close) =>
      content((value) => {
        got = value;
        close();
      }),
  });
  return got;
};

const nameField = (value = "") =>
  field({ label: "Name", name: "name", value, autocomplete: "off", maxlength: 64, required: true });

/** @param {number} now */
const untilField = (now) =>
  field({
    label: "Until",
    name: "until",
    type: "datetime-local",
    value: toLocalInput(now + dayMs),
    min: toLocalInput(now),
    max: toLocalInput(now + longestMs),
    title: "Choose a moment within the next 30 days.",
    required: true,
  });

/**
 * The usual spans of time, beside any other.
 *
 * @param {HTMLInputElement} until
 */
const spans = (until) => {
  const button = (/** @type {string} */ label, /** @type {number} */ ms) =>
    h("button", { type: "button", onclick: () => (until.value = toLocalInput(Date.now() + ms)) }, label);
  return h(
    "div",
    { class: "buttons", role: "group", "aria-label": "For how long" },
    button("1 hour", hourMs),
    button("1 day", dayMs),
    button("1 week", 7 * dayMs),
  );
};
