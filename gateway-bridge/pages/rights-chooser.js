// @ts-check

import { h } from "./elements.js";
import { choice, choices } from "./forms.js";
import { actionNames, allGrants, grantsFor, offered } from "./rights.js";

/** @import { Action, Camera, Grant, GuestAction } from "@gatehouse/shared" */

/**
 * All cameras, also those that come later.
 *
 * @type {string}
 */
const all = "*";

/**
 * Where it is chosen what a person may see and do.
 *
 * @param {{ readonly cameras: readonly Camera[], readonly held?: readonly Grant[] }} options `held`: what it may now
 * @returns {{ readonly root: HTMLElement, readonly read: () => ReturnType<typeof grantsFor> | undefined }} undefined where too little
 *   was chosen, which is then said
 */
export const personRights = ({ cameras, held = [] }) => {
  const isOn = (/** @type {string} */ id) => held.some(({ camera }) => camera === id);
  const everything = choice({
    label: "Everything: all cameras, and the gateway's settings",
    name: "everything",
    checked: held.some(({ action, camera }) => action === "admin" && camera === all),
  });
  /** @type {readonly { readonly id: string, readonly name: string }[]} */
  const places = [{ id: all, name: "All cameras, also those added later" }, ...cameras];
  const which = choices(
    "Cameras",
    places.map(({ id, name }) => ({ value: id, label: name, checked: isOn(id) })),
  );
  const what = choices("May have", actionsToChoose(offered, held));
  const follow = () => {
    which.root.disabled = what.root.disabled = everything.input.checked;
    const isAll = which.chosen().includes(all);
    for (const { value, input } of which.each) input.disabled = isAll && value !== all;
    said.textContent = "";
  };
  const { said, check } = checked();
  const root = h("div", { onchange: follow }, everything.root, which.root, what.root, said);
  follow();
  const read = () => {
    if (everything.input.checked) return allGrants();
    const [ids, actions] = [which.chosen(), what.chosen()];
    return check(ids, actions) ? grantsFor({ cameras: ids.includes(all) ? [all] : ids, actions }) : undefined;
  };
  return { root, read };
};

/**
 * Where it is chosen what a guest may see and do.
 *
 * @param {readonly Camera[]} cameras
 * @returns {{ readonly root: HTMLElement, readonly read: () => { cameras: string[], actions: GuestAction[] } | undefined }} as above
 */
export const guestRights = (cameras) => {
  const which = choices(
    "Cameras",
    cameras.map(({ id, name }) => ({ value: /** @type {string} */ (id), label: name, checked: false })),
  );
  const what = choices("May have", actionsToChoose(/** @type {const} */ (["live", "snapshot", "events", "talk"]), []));
  const { said, check } = checked();
  const read = () => {
    const chosen = { cameras: which.chosen(), actions: what.chosen() };
    return check(chosen.cameras, chosen.actions) ? chosen : undefined;
  };
  const onchange = () => (said.textContent = "");
  return { root: h("div", { onchange }, which.root, what.root, said), read };
};

/** @type {ReadonlySet<Action>} */
const usual = new Set(["live", "snapshot", "events"]);

/**
 * @template {Action} Each
 * @param {readonly Each[]} actions
 * @param {readonly Grant[]} held
 */
const actionsToChoose = (actions, held) =>
  actions.map((value) => ({
    value,
    label: actionNames[value],
    checked: held.length === 0 ? usual.has(value) : held.some(({ action }) => action === value),
  }));

/** Says what is still to be chosen. */
const checked = () => {
  const said = h("p", { class: "wrong", role: "alert" });
  const check = (/** @type {readonly string[]} */ cameras, /** @type {readonly string[]} */ actions) => {
    said.textContent =
      cameras.length === 0 ? "Choose at least one camera." : actions.length === 0 ? "Choose what they may have." : "";
    return said.textContent === "";
  };
  return { said, check };
};
