// @ts-check

import { fullTime, relativeTime } from "../dates.js";
import { h, replace } from "../elements.js";
import { actionButton, problemBox } from "../forms.js";
import { inviteGuest, invitePerson } from "../invitations.js";
import { personCard } from "../person-card.js";
import { actionNames } from "../rights.js";

/** @import { GuestLink } from "@gatehouse/shared" */
/** @import { Context, View } from "../context.js" */
/** @import { House } from "../person-card.js" */

/** @type {View} */
export const people = (context) => {
  const { signal, announce } = context;
  const problem = problemBox();
  const list = h("div", { class: "stack", "aria-busy": "true" }, loading());
  /** @type {House["cameras"]} */
  let cameras = [];
  const load = async () => {
    const { persons, links, ...house } = await askAll(context);
    ({ cameras } = house);
    list.removeAttribute("aria-busy");
    const whole = { ...house, context, reload };
    replace(list, ...persons.map((person) => personCard(whole, person)), guestList(whole, links));
  };
  const reload = async (/** @type {string} */ done) => {
    await load();
    announce(done);
  };
  const inviting = (/** @type {string} */ label, /** @type {typeof invitePerson} */ invite, kind = "") => {
    const work = async () => {
      if (await invite(context, cameras)) await load();
    };
    return actionButton({ label, busy: label, kind, problem, work });
  };
  const buttons = [inviting("Invite a person", invitePerson, "primary"), inviting("Invite a guest", inviteGuest)];
  const title = h("div", { class: "title" }, h("h1", {}, "People"), h("div", { class: "buttons" }, ...buttons));
  load().catch((/** @type {unknown} */ error) => {
    if (signal.aborted) return;
    replace(list);
    problem.show(error);
  });
  return { title: "People", root: h("section", { class: "stack" }, title, problem.root, list) };
};

const loading = () => h("p", { class: "loading" }, h("span", { class: "spinner" }), "One moment…");

/** @param {Context} context */
const askAll = async ({ ask, signal }) => {
  const [persons, cameras, roles, logins, links] = await Promise.all([
    ask("listPeople", { signal }),
    ask("listCameras", { signal }),
    ask("listRoles", { signal }),
    ask("listLogins", { signal }),
    ask("listGuestLinks", { signal }),
  ]);
  return { persons, cameras, roles, logins, links };
};

/**
 * The guests who can come in, or are in.
 *
 * @param {House} house
 * @param {readonly GuestLink[]} links
 */
const guestList = (house, links) => {
  const now = Date.now();
  const good = links.filter(({ revoked, until }) => revoked === null && until > now);
  if (good.length === 0) return undefined;
  const items = good.map((link) => guestItem(house, link));
  return h("section", { class: "card" }, h("h2", {}, "Guests"), h("ul", { class: "items" }, ...items));
};

/**
 * @param {House} house
 * @param {GuestLink} link
 */
const guestItem = ({ context, cameras, reload }, { id, name, cameras: ids, actions, until, used }) => {
  const problem = problemBox();
  const names = ids.map((one) => cameras.find((camera) => camera.id === one)?.name ?? "a camera that was removed");
  const what = `${names.join(", ")}: ${actions.map((action) => actionNames[action]).join(", ")}`;
  const state = used === null ? "not opened yet" : `opened ${relativeTime(used, Date.now())}`;
  const end = actionButton({
    label: "End",
    title: `End what ${name} sees`,
    busy: "Ending…",
    kind: "danger",
    problem,
    work: async () => {
      await context.ask("revokeGuestLink", { params: { link: id } });
      await reload(`${name} sees nothing any more.`);
    },
  });
  const about = h("p", { class: "hint" }, `${what}, until ${fullTime(until)}, ${state}`);
  return h("li", {}, h("div", {}, h("strong", {}, name), about), end, problem.root);
};
